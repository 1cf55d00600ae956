/** A decision again, from its record. */
import type { ChosenNode, Fleet, Placement, PlacementRequest, Policy } from '@/core/placement/types'
import { place } from './place'

/** What a decision record keeps of its inputs. */
export interface DecisionInputs {
  request: PlacementRequest
  fleet: Fleet
  policy: Policy
}

/** What was decided, from the recorded inputs alone. */
export const replay = ({ request, fleet, policy }: DecisionInputs): Placement => place(request, fleet, policy)

/** Whether two placements chose the same nodes with the same scores in the same order, or refused for the same lack. */
export function sameChoice(a: Placement, b: Placement): boolean {
  if (a.chosen.length !== b.chosen.length || a.refusal?.message !== b.refusal?.message) return false
  return a.chosen.every((one, index) => {
    const other = b.chosen[index]
    return other !== undefined && one.id === other.id && one.score === other.score
  })
}

/** Whether a replayed placement is the one that was recorded, to the last bit of each score. */
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

/** A refused move or update is recorded with what was to be done before the reason. */
const refusesAs = ({ refusal }: Placement, recorded: string): boolean =>
  refusal !== null && (recorded === refusal.message || recorded.endsWith(`: ${refusal.message}`))
