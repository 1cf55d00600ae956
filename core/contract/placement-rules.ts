/** Placement rules of a deploy call, with the names of the REST API. */
import * as z from 'zod/mini'
import {
  type AffinityRule,
  defaultWeight,
  type PlacementRulesSpec,
  spreadTopologies,
  topologies,
} from '@/core/placement/preferences'
import { limits } from '@/core/placement/resources'
import { constraintWith, flag, text, whole } from './form-fields'

const weight = z
  ._default(whole('The weight', { min: 1, max: 100 }), defaultWeight)
  .check(z.describe('1 to 100; 100 counts as much as the whole policy'))

const preferenceSchema = constraintWith({ weight }).check(
  z.describe('A label rule that need not be met: nodes that meet it score higher'),
)

const spreadSchema = z
  .object({
    across: z.enum(spreadTopologies, { error: `across must be one of ${spreadTopologies.join(', ')}` }),
    max_skew: z
      .nullish(whole('max_skew', limits.replicas))
      .check(
        z.describe(
          'No region or zone may hold more than this many replicas more than the emptiest; without it, an even spread is only preferred',
        ),
      ),
    weight: z
      ._default(whole('The weight', { min: 0, max: 100 }), defaultWeight)
      .check(z.describe('0 to 100; 0 only together with max_skew')),
  })
  .check(
    z.refine(({ max_skew, weight: given }) => given > 0 || typeof max_skew === 'number', {
      path: ['weight'],
      message: 'A spread with weight 0 needs a max_skew',
    }),
    z.describe('Replicas evenly over regions, or over zones (the node label zone, within its region)'),
  )

const affinitySchema = z.object({
  deployment: text({
    max: limits.name.max,
    tooLong: `A name has at most ${limits.name.max} characters`,
    error: 'The deployment must be text',
  }).check(
    z.regex(limits.name.pattern, 'Give the name or the id of a deployment'),
    z.describe('Name or id of another deployment'),
  ),
  on: z
    ._default(z.enum(topologies, { error: `on must be one of ${topologies.join(', ')}` }), 'node')
    .check(z.describe('What has to be the same, or another')),
  required: z._default(flag('required'), false).check(z.describe('A constraint rather than a preference')),
  weight,
})

const affinityList = (what: string, description: string) =>
  z.optional(z.array(affinitySchema).check(z.maxLength(10, `At most 10 ${what}`))).check(z.describe(description))

/** Fields of the deploy call and of the preview. */
export const placementRuleFields = {
  preferences: z.optional(z.array(preferenceSchema).check(z.maxLength(20, 'At most 20 preferences'))),
  spread: z.optional(
    z.array(spreadSchema).check(
      z.maxLength(spreadTopologies.length, 'At most one spread across regions and one across zones'),
      z.superRefine((spreads, context) => {
        const seen = new Set<string>()
        for (const [index, { across }] of spreads.entries()) {
          if (seen.has(across))
            context.addIssue({
              code: 'custom',
              path: [index, 'across'],
              message: `There is a spread across ${across}s already`,
            })
          seen.add(across)
        }
        const limited = spreads.flatMap((spread, index) => (typeof spread.max_skew === 'number' ? [index] : []))
        if (limited.length > 1)
          context.addIssue({
            code: 'custom',
            path: [limited[1] ?? 0, 'max_skew'],
            message: 'Only one spread can have a max_skew; leave it out of the other',
          })
      }),
    ),
  ),
  affinity: affinityList('affinities', 'Near replicas of other deployments'),
  anti_affinity: affinityList('anti-affinities', 'Away from replicas of other deployments'),
}

/** The path of an affinity rule in the call, such as "anti_affinity.0". */
export function affinityPath({ affinity }: PlacementRulesSpec, rule: AffinityRule): string {
  const same = affinity.filter(({ kind }) => kind === rule.kind)
  return `${rule.kind === 'affinity' ? 'affinity' : 'anti_affinity'}.${same.indexOf(rule)}`
}
