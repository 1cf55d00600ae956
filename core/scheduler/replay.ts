/** Makes a recorded decision again and compares the results. */
import type { ChosenNode, Fleet, Placement, PlacementRequest, Policy } from '@/core/placement/types'
import { place } from './place'

/** The inputs of a decision as its record keeps them. */
export interface DecisionInputs {
  request: PlacementRequest
  fleet: Fleet
  policy: Policy
}

/** Repeats a decision from its recorded inputs. */
export const replay = ({ request, fleet, policy }: DecisionInputs): Placement => place(request, fleet, policy)

/** Whether two placements have the same nodes and scores in the same order, or the same refusal message. */
export function sameChoice(a: Placement, b: Placement): boolean {
  if (a.chosen.length !== b.chosen.length || a.refusal?.message !== b.refusal?.message) return false
  return a.chosen.every((one, index) => {
    const other = b.chosen[index]
    return other !== undefined && one.id === other.id && one.score === other.score
  })
}

/** Whether a replayed placement equals the recorded one, to the last bit of each score. */
export function matchesRecord(
  placement: Placement,
  record: { outcome: 'placed' | 'refused'; chosen: ChosenNode[]; message: string },
): boolean {
  if (record.outcome === 'refused') return refusesAs(placement, record.message)
  if (placement.refusal || placement.chosen.length !== record.chosen.length) return false
  return placement.chosen.every(({ id, nodeId, score }, index) => {
    const recorded = record.chosen[index]
    return id === recorded?.id && nodeId === recorded.nodeId && score === recorded.score
  })
}

/** The recorded message of a refused move or update has a prefix such as "Moving replica 2 off node-01: ". */
const refusesAs = ({ refusal }: Placement, recorded: string): boolean =>
  refusal !== null && (recorded === refusal.message || recorded.endsWith(`: ${refusal.message}`))
