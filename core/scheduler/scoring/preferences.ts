/** The share of scheduling preferences in a score, and the resolution of affinities before a run. */

import type { AffinityRule, PlacementRules, PlacementRulesSpec } from '@/core/placement/preferences'
import type { FleetNode } from '@/core/placement/types'
import { affinityMet } from '@/core/scheduler/filters/affinity'
import { constraintMet } from '@/core/scheduler/filters/filters'
import { type Located, placeOf } from '@/core/scheduler/filters/topology'
import type { Spreading } from '@/core/scheduler/select/spreading'

/** One number per kind of preference; a weight of 100 counts as 1. */
interface ByKind {
  preferences: number
  spread: number
  affinity: number
}

const share = ({ weight }: { weight: number }): number => weight / 100
const total = (placementRules: readonly { weight: number }[]): number =>
  placementRules.reduce((sum, preference) => sum + share(preference), 0)
const soft = (affinity: { required: boolean }): boolean => !affinity.required

type Shares = ByKind & { whole: number }

const noShares: Shares = { preferences: 0, spread: 0, affinity: 0, whole: 1 }
const known = new WeakMap<PlacementRules, Shares>()

/** Returns the weight of each kind of preference relative to the policy, which weighs 1; `whole` is the total. */
export function sharesOf(placementRules: PlacementRules | undefined): Shares {
  if (!placementRules) return noShares
  const before = known.get(placementRules)
  if (before) return before
  const shares = summed(placementRules)
  known.set(placementRules, shares)
  return shares
}

function summed(placementRules: PlacementRules): Shares {
  const preferences = total(placementRules.preferences)
  const spread = total(placementRules.spread)
  const affinity = total(placementRules.affinity.filter(soft))
  return { preferences, spread, affinity, whole: 1 + preferences + spread + affinity }
}

/** Returns the sum of weight × value for each kind of preference on one node. */
export function preferenceValues(placementRules: PlacementRules, node: FleetNode, spreading: Spreading | null): ByKind {
  let preferences = 0
  for (const preference of placementRules.preferences)
    preferences += constraintMet(preference, node) ? share(preference) : 0
  let spread = 0
  placementRules.spread.forEach((preference, index) => {
    spread += share(preference) * (spreading?.value(index, node) ?? 0)
  })
  let affinity = 0
  for (const preference of placementRules.affinity)
    affinity += soft(preference) && affinityMet(preference, node) ? share(preference) : 0
  return { preferences, spread, affinity }
}

/** Adds to each affinity the topology domains of the other deployment's replicas. Undefined without any preferences. */
export function resolvePlacementRules(
  asked: PlacementRulesSpec | null,
  holdersOf: (rule: AffinityRule) => readonly Located[],
): PlacementRules | undefined {
  if (asked === null) return undefined
  const affinity = asked.affinity.map((rule) => {
    const places = holdersOf(rule).flatMap((node) => placeOf(node, rule.on) ?? [])
    return { ...rule, places: [...new Set(places)].sort() }
  })
  return { ...asked, affinity }
}
