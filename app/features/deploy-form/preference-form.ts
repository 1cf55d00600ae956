/** Preferences in the form: rows of text, and a rule chosen as a phrase. */
import * as v from 'valibot'
import { type AffinityRule, spreadTopologies, topologies } from '@/core/placement/preferences'
import { limits } from '@/core/placement/resources'
import {
  checkConstraint,
  checked,
  checkNumber,
  constraintOf,
  constraintShape,
  numberOf,
  optionalList,
  text,
  wholeNumber,
} from './form-fields'
import type { PreviewInput } from './inputs'

const weightBounds = { min: 1, max: 100 }
const weightText = wholeNumber('The weight', weightBounds)
const spreadWeightText = wholeNumber('The weight', { min: 0, max: 100 })
const skewText = wholeNumber('max_skew', limits.replicas)

/** Completed by the row: "… node than db", "… region as db". */
export const affinityModes = {
  'prefer-same': { label: 'Prefer the same', kind: 'affinity', required: false },
  'require-same': { label: 'Require the same', kind: 'affinity', required: true },
  'prefer-other': { label: 'Prefer another', kind: 'anti-affinity', required: false },
  'require-other': { label: 'Require another', kind: 'anti-affinity', required: true },
} as const satisfies Record<string, Pick<AffinityRule, 'kind' | 'required'> & { label: string }>
export type AffinityMode = keyof typeof affinityModes
export const affinityModeNames = Object.keys(affinityModes) as AffinityMode[]

const preferenceRow = v.pipe(
  v.object({ ...constraintShape, weight: text }),
  checked((row, problem) => {
    checkConstraint(row, problem)
    if (row.key.trim() !== '') checkNumber(weightText, row.weight, (message) => problem(['weight'], message))
  }),
)

const spreadRow = v.pipe(
  v.object({ across: v.picklist(spreadTopologies), maxSkew: text, weight: text }),
  checked(({ maxSkew, weight }, problem) => {
    const limited = maxSkew.trim() !== ''
    if (limited) checkNumber(skewText, maxSkew, (message) => problem(['maxSkew'], message))
    if (numberOf(weight) === 0 && !limited) problem(['weight'], 'A spread with weight 0 needs a max_skew')
    else checkNumber(spreadWeightText, weight, (message) => problem(['weight'], message))
  }),
)

const affinityRow = v.pipe(
  v.object({ mode: v.picklist(affinityModeNames), on: v.picklist(topologies), deployment: text, weight: text }),
  checked(({ mode, deployment, weight }, problem) => {
    if (deployment.trim() === '') return
    if (!limits.name.pattern.test(deployment.trim())) problem(['deployment'], 'Give the name or the id of a deployment')
    if (!affinityModes[mode].required) checkNumber(weightText, weight, (message) => problem(['weight'], message))
  }),
)

export const placementRuleShape = {
  preferences: v.pipe(v.array(preferenceRow), v.maxLength(20, 'At most 20 preferences')),
  spread: v.pipe(
    v.array(spreadRow),
    checked((rows, problem) => {
      const limited = rows.flatMap(({ maxSkew }, index) => (maxSkew.trim() === '' ? [] : [index]))
      if (limited.length > 1)
        problem([limited[1] ?? 0, 'maxSkew'], 'Only one spread can have a max_skew; make the other a wish')
      for (const [index, { across }] of rows.entries())
        if (rows.findIndex((row) => row.across === across) < index)
          problem([index, 'across'], `There is a spread across ${across}s already`)
    }),
  ),
  affinity: v.pipe(v.array(affinityRow), v.maxLength(10, 'At most 10 affinities')),
}

export type PlacementRuleRows = v.InferInput<v.ObjectSchema<typeof placementRuleShape, undefined>>
type PlacementRuleForm = v.InferOutput<v.ObjectSchema<typeof placementRuleShape, undefined>>
type AffinityRow = PlacementRuleForm['affinity'][number]

/** Rows that are not blank. */
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
      ...(affinityModes[mode].required ? { required: true } : { weight: v.parse(weightText, weight) }),
    }))

/** The preferences in the format of the deploy call; blank rows are left out. */
export const placementRulesOf = ({
  preferences,
  spread,
  affinity,
}: PlacementRuleForm): Pick<PreviewInput, 'preferences' | 'spread' | 'affinity' | 'anti_affinity'> => ({
  ...optionalList(
    'preferences',
    preferences
      .filter(isFilled.preference)
      .map((row) => ({ ...constraintOf(row), weight: v.parse(weightText, row.weight) })),
  ),
  ...optionalList(
    'spread',
    spread.map(({ across, maxSkew, weight }) => ({
      across,
      ...(maxSkew.trim() === '' ? {} : { max_skew: v.parse(skewText, maxSkew) }),
      weight: v.parse(spreadWeightText, weight),
    })),
  ),
  ...optionalList('affinity', affinitiesOf(affinity, 'affinity')),
  ...optionalList('anti_affinity', affinitiesOf(affinity, 'anti-affinity')),
})

/** The row as the rule that it stands for, to find the row that a message names. */
export const affinityRuleOf = ({ mode, on, deployment }: v.InferInput<typeof affinityRow>): AffinityRule => ({
  kind: affinityModes[mode].kind,
  required: affinityModes[mode].required,
  deployment: deployment.trim(),
  on,
  weight: 0,
})
