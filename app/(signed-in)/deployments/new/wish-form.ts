/** Wishes in the words of the form: rows of text, and a rule said as a sentence. */
import * as z from 'zod/mini'
import { limits } from '@/server/domain/resources'
import { type AffinityRule, type AskedWishes, spreadTopologies, topologies } from '@/server/domain/wishes'
import { checkConstraint, constraintOf, constraintShape, optionalList, text, wholeNumber } from './form-fields'
import type { PreviewInput } from './form-schema'

const weightBounds = { min: 1, max: 100 }
const weightText = wholeNumber('The weight', weightBounds)
const spreadWeightText = wholeNumber('The weight', { min: 0, max: 100 })
const skewText = wholeNumber('max_skew', limits.replicas)

/** Reads on as "… node than db", "… region as db". */
export const affinityModes = {
  'prefer-same': { label: 'Prefer the same', kind: 'affinity', required: false },
  'require-same': { label: 'Require the same', kind: 'affinity', required: true },
  'prefer-other': { label: 'Prefer another', kind: 'anti-affinity', required: false },
  'require-other': { label: 'Require another', kind: 'anti-affinity', required: true },
} as const satisfies Record<string, Pick<AffinityRule, 'kind' | 'required'> & { label: string }>
export type AffinityMode = keyof typeof affinityModes
export const affinityModeNames = Object.keys(affinityModes) as AffinityMode[]

function take(context: z.core.$RefinementCtx, path: string, { error }: z.core.util.SafeParseResult<unknown>): void {
  const problem = error?.issues[0]
  if (problem) context.addIssue({ code: 'custom', path: [path], message: problem.message })
}

const preferenceRow = z.object({ ...constraintShape, weight: text }).check(
  z.superRefine((row, context) => {
    checkConstraint(row, context)
    if (row.key.trim() !== '') take(context, 'weight', weightText.safeParse(row.weight))
  }),
)

const spreadRow = z.object({ across: z.enum(spreadTopologies), maxSkew: text, weight: text }).check(
  z.superRefine(({ maxSkew, weight }, context) => {
    const limited = maxSkew.trim() !== ''
    if (limited) take(context, 'maxSkew', skewText.safeParse(maxSkew))
    const parsed = spreadWeightText.safeParse(weight)
    if (parsed.data === 0 && !limited)
      context.addIssue({ code: 'custom', path: ['weight'], message: 'A spread with weight 0 needs a max_skew' })
    else take(context, 'weight', parsed)
  }),
)

const affinityRow = z
  .object({ mode: z.enum(affinityModeNames), on: z.enum(topologies), deployment: text, weight: text })
  .check(
    z.superRefine(({ mode, deployment, weight }, context) => {
      if (deployment.trim() === '') return
      if (!limits.name.pattern.test(deployment.trim()))
        context.addIssue({ code: 'custom', path: ['deployment'], message: 'Give the name or the id of a deployment' })
      if (!affinityModes[mode].required) take(context, 'weight', weightText.safeParse(weight))
    }),
  )

export const wishShape = {
  preferences: z.array(preferenceRow).check(z.maxLength(20, 'At most 20 preferences')),
  spread: z.array(spreadRow).check(
    z.superRefine((rows, context) => {
      const limited = rows.flatMap(({ maxSkew }, index) => (maxSkew.trim() === '' ? [] : [index]))
      if (limited.length > 1)
        context.addIssue({
          code: 'custom',
          path: [limited[1] ?? 0, 'maxSkew'],
          message: 'Only one spread can have a max_skew; make the other a wish',
        })
      for (const [index, { across }] of rows.entries())
        if (rows.findIndex((row) => row.across === across) < index)
          context.addIssue({
            code: 'custom',
            path: [index, 'across'],
            message: `There is a spread across ${across}s already`,
          })
    }),
  ),
  affinity: z.array(affinityRow).check(z.maxLength(10, 'At most 10 affinities')),
}

type WishForm = z.output<z.ZodMiniObject<typeof wishShape>>
type AffinityRow = WishForm['affinity'][number]

/** Rows that say something; the others are left out. */
export const isFilled = {
  preference: ({ key }: { key: string }): boolean => key.trim() !== '',
  affinity: ({ deployment }: { deployment: string }): boolean => deployment.trim() !== '',
}

type Affinities = NonNullable<PreviewInput['affinity']>

const affinitiesOf = (rows: AffinityRow[], kind: AffinityRule['kind']): Affinities =>
  rows
    .filter((row) => isFilled.affinity(row) && affinityModes[row.mode].kind === kind)
    .map(({ mode, on, deployment, weight }) => ({
      deployment: deployment.trim(),
      on,
      ...(affinityModes[mode].required ? { required: true } : { weight: weightText.parse(weight) }),
    }))

/** As the deploy call takes them; what is empty is left out. */
export const wishesOf = ({
  preferences,
  spread,
  affinity,
}: WishForm): Pick<PreviewInput, 'preferences' | 'spread' | 'affinity' | 'anti_affinity'> => ({
  ...optionalList(
    'preferences',
    preferences
      .filter(isFilled.preference)
      .map((row) => ({ ...constraintOf(row), weight: weightText.parse(row.weight) })),
  ),
  ...optionalList(
    'spread',
    spread.map(({ across, maxSkew, weight }) => ({
      across,
      ...(maxSkew.trim() === '' ? {} : { max_skew: skewText.parse(maxSkew) }),
      weight: spreadWeightText.parse(weight),
    })),
  ),
  ...optionalList('affinity', affinitiesOf(affinity, 'affinity')),
  ...optionalList('anti_affinity', affinitiesOf(affinity, 'anti-affinity')),
})

/** The row as the rule that it means, for telling which row a sentence speaks of. */
export const affinityRuleOf = ({ mode, on, deployment }: z.input<typeof affinityRow>): AffinityRule => ({
  kind: affinityModes[mode].kind,
  required: affinityModes[mode].required,
  deployment: deployment.trim(),
  on,
  weight: 0,
})

const modeOf = (rule: AffinityRule): AffinityMode =>
  affinityModeNames.find(
    (name) => affinityModes[name].kind === rule.kind && affinityModes[name].required === rule.required,
  ) ?? 'prefer-other'

/** Wishes as somebody would have filled them in. */
export const wishRowsOf = (wishes: AskedWishes | null): z.input<z.ZodMiniObject<typeof wishShape>> => ({
  preferences: (wishes?.preferences ?? []).map(({ key, op, values, weight }) => ({
    key,
    op,
    values: values.join(', '),
    weight: String(weight),
  })),
  spread: (wishes?.spread ?? []).map(({ across, maxSkew, weight }) => ({
    across,
    maxSkew: maxSkew === null ? '' : String(maxSkew),
    weight: String(weight),
  })),
  affinity: (wishes?.affinity ?? []).map((rule) => ({
    mode: modeOf(rule),
    on: rule.on,
    deployment: rule.deployment,
    weight: String(rule.weight),
  })),
})
