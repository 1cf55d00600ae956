/** Explains one node in one decision: what each rule compared, what each preference found, and the node's rank. */

import type { NodeExplanation, PreferenceResult } from '@/core/placement/explanation'
import { affinityText, constraintText, placeText } from '@/core/placement/preferences'
import { gapToLastChosen } from '@/core/placement/standing'
import type { FleetNode, PlacementRequest } from '@/core/placement/types'
import { affinityFinding, affinityMet } from './filters/affinity'
import { constraintMet, resultsOf } from './filters/filters'
import { placeOf } from './filters/topology'
import { verdictsOf } from './place'
import type { DecisionInputs } from './replay'
import { choose } from './select/choose'
import type { SpreadView } from './select/spreading'

const noSpread: SpreadView = { values: [], results: [] }

function placementRulesOf(
  { placementRules }: PlacementRequest,
  node: FleetNode,
  spreadValues: readonly number[],
): PreferenceResult[] {
  if (!placementRules) return []
  const preferences = placementRules.preferences.map((preference): PreferenceResult => {
    const met = constraintMet(preference, node)
    return {
      part: 'preferences',
      preference: constraintText(preference),
      weight: preference.weight,
      value: met ? 1 : 0,
      finding: met ? 'met' : 'not met',
    }
  })
  const spread = placementRules.spread.flatMap((preference, index): PreferenceResult[] => {
    if (preference.weight === 0) return []
    const place = placeOf(node, preference.across)
    const value = spreadValues[index] ?? 0
    const above = Math.round(1 / value - 1)
    const finding =
      place === null
        ? `it is in no ${preference.across}`
        : `its ${placeText(preference.across, place)} holds ${above === 0 ? 'as few as any' : `${above} more than the emptiest`}`
    return [
      { part: 'spread', preference: `spread across ${preference.across}s`, weight: preference.weight, value, finding },
    ]
  })
  const affinity = placementRules.affinity.flatMap((preference): PreferenceResult[] =>
    preference.required
      ? []
      : [
          {
            part: 'affinity',
            preference: affinityText(preference),
            weight: preference.weight,
            value: affinityMet(preference, node) ? 1 : 0,
            finding: affinityFinding(preference, node),
          },
        ],
  )
  return [...preferences, ...spread, ...affinity]
}

/** Uses the recorded inputs only. Returns null when the recorded fleet has no node with this id or name. */
export function explainNode({ request, fleet, policy }: DecisionInputs, idOrName: string): NodeExplanation | null {
  const node = fleet.nodes.find(({ id, nodeId }) => id === idOrName || nodeId === idOrName)
  if (!node) return null
  const choice = choose(request, fleet, policy)
  const verdicts = verdictsOf(choice)
  const verdict = verdicts.find(({ id }) => id === node.id)
  if (!verdict) return null
  const scoreAtChoice = choice.candidates.find((candidate) => candidate.node.id === node.id)?.scoreAtChoice?.spread
  const spread = scoreAtChoice ?? choice.context.spreading?.view(node) ?? noSpread
  return {
    verdict,
    rules: [...resultsOf(request, node), ...spread.results],
    placementRules: placementRulesOf(request, node, spread.values),
    feasible: choice.candidates.length,
    gap: gapToLastChosen(choice, verdict),
  }
}
