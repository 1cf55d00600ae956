/** Placement preferences of a deploy call, with the names of the REST API. */
import { z } from 'zod'
import {
  type AffinityRule,
  defaultWeight,
  type PlacementRulesSpec,
  spreadTopologies,
  topologies,
} from '@/core/placement/preferences'
import { limits } from '@/core/placement/resources'
import { constraintSchema, flag, personText, whole } from './fields'

const weight = whole('The weight', { min: 1, max: 100 })
  .default(defaultWeight)
  .describe('1 to 100; 100 counts as much as the whole policy')

const preferenceSchema = constraintSchema
  .safeExtend({ weight })
  .describe('A label rule that need not be met: nodes that meet it score higher')

const spreadSchema = z
  .object({
    across: z.enum(spreadTopologies, { error: `across must be one of ${spreadTopologies.join(', ')}` }),
    max_skew: whole('max_skew', limits.replicas)
      .nullish()
      .describe('No region or zone may hold more than this many replicas more than the emptiest; without it, a wish'),
    weight: whole('The weight', { min: 0, max: 100 })
      .default(defaultWeight)
      .describe('0 to 100; 0 only together with max_skew'),
  })
  .refine(({ max_skew, weight: given }) => given > 0 || typeof max_skew === 'number', {
    path: ['weight'],
    message: 'A spread with weight 0 needs a max_skew',
  })
  .describe('Replicas evenly over regions, or over zones (the node label zone, within its region)')

const affinitySchema = z.object({
  deployment: personText({
    max: limits.name.max,
    tooLong: `A name has at most ${limits.name.max} characters`,
    error: 'The deployment must be text',
  })
    .regex(limits.name.pattern, 'Give the name or the id of a deployment')
    .describe('Name or id of another deployment'),
  on: z
    .enum(topologies, { error: `on must be one of ${topologies.join(', ')}` })
    .default('node')
    .describe('What has to be the same, or another'),
  required: flag('required').default(false).describe('A rule rather than a wish'),
  weight,
})

const affinityList = (what: string) => z.array(affinitySchema).max(10, `At most 10 ${what}`).optional()

/** Fields of the deploy call and of the preview. */
export const placementRuleFields = {
  preferences: z.array(preferenceSchema).max(20, 'At most 20 preferences').optional(),
  spread: z
    .array(spreadSchema)
    .max(spreadTopologies.length, 'At most one spread across regions and one across zones')
    .superRefine((spreads, context) => {
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
          message: 'Only one spread can have a max_skew; make the other a wish',
        })
    })
    .optional(),
  affinity: affinityList('affinities').describe('Near replicas of other deployments'),
  anti_affinity: affinityList('anti-affinities').describe('Away from replicas of other deployments'),
}

/** The path of an affinity rule in the call, such as "anti_affinity.0". */
export function affinityPath({ affinity }: PlacementRulesSpec, rule: AffinityRule): string {
  const same = affinity.filter(({ kind }) => kind === rule.kind)
  return `${rule.kind === 'affinity' ? 'affinity' : 'anti_affinity'}.${same.indexOf(rule)}`
}
