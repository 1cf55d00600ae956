/** Preferences in the form: rows of text, and a rule chosen as a phrase. */
import type { AffinityRule, Spread, Topology } from '@/core/placement/preferences'
import { type ConstraintRow, constraintOf, isBlank, isFilled, numberOf, optionalList } from './form-fields'
import type { PreviewInput } from './inputs'

/** Completed by the row: "… node than db", "… region as db". */
export const affinityModes = {
  'prefer-same': { label: 'Prefer the same', kind: 'affinity', required: false },
  'require-same': { label: 'Require the same', kind: 'affinity', required: true },
  'prefer-other': { label: 'Prefer another', kind: 'anti-affinity', required: false },
  'require-other': { label: 'Require another', kind: 'anti-affinity', required: true },
} as const satisfies Record<string, Pick<AffinityRule, 'kind' | 'required'> & { label: string }>
export type AffinityMode = keyof typeof affinityModes
export const affinityModeNames = Object.keys(affinityModes) as AffinityMode[]

export interface AffinityRow {
  mode: AffinityMode
  on: Topology
  deployment: string
  weight: string
}

export interface PlacementRuleRows {
  preferences: (ConstraintRow & { weight: string })[]
  spread: { across: Spread['across']; maxSkew: string; weight: string }[]
  affinity: AffinityRow[]
}

/** Whether the row is sent in the list of this kind. */
export const isOfKind = (row: AffinityRow, kind: AffinityRule['kind']): boolean =>
  isFilled.affinity(row) && affinityModes[row.mode].kind === kind

type Affinities = NonNullable<PreviewInput['affinity']>

const affinitiesOf = (rows: AffinityRow[], kind: AffinityRule['kind']): Affinities =>
  rows
    .filter((row) => isOfKind(row, kind))
    .map(({ mode, on, deployment, weight }) => ({
      deployment: deployment.trim(),
      on,
      ...(affinityModes[mode].required ? { required: true } : { weight: numberOf(weight) }),
    }))

/** The preferences in the format of the deploy call; blank rows are left out. */
export const placementRulesOf = ({
  preferences,
  spread,
  affinity,
}: PlacementRuleRows): Pick<PreviewInput, 'preferences' | 'spread' | 'affinity' | 'anti_affinity'> => ({
  ...optionalList(
    'preferences',
    preferences.filter(isFilled.constraint).map((row) => ({ ...constraintOf(row), weight: numberOf(row.weight) })),
  ),
  ...optionalList(
    'spread',
    spread.map(({ across, maxSkew, weight }) => ({
      across,
      ...(isBlank(maxSkew) ? {} : { max_skew: numberOf(maxSkew) }),
      weight: numberOf(weight),
    })),
  ),
  ...optionalList('affinity', affinitiesOf(affinity, 'affinity')),
  ...optionalList('anti_affinity', affinitiesOf(affinity, 'anti-affinity')),
})

/** The row as the rule that it stands for, to find the row that a message names. */
export const affinityRuleOf = ({ mode, on, deployment }: AffinityRow): AffinityRule => ({
  kind: affinityModes[mode].kind,
  required: affinityModes[mode].required,
  deployment: deployment.trim(),
  on,
  weight: 0,
})
