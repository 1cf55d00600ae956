/** The data of the page of scores: one page of nodes in the order of a run. */
import type { ChosenNode, PlacementRequest, Policy, Refusal, Verdict } from './types'

export interface Ranking {
  request: PlacementRequest
  policy: Policy
  /** Time of the fleet snapshot, ISO 8601. */
  takenAt: string
  /** Number of nodes in the fleet, and of those that can take a replica. */
  nodes: number
  feasible: number
  /** How many replicas could be placed. */
  found: number
  chosen: ChosenNode[]
  /** "Insufficient nodes: …"; null when the request fits. */
  message: Refusal['message'] | null
  /** The best node of the fleet; null when none is feasible. */
  winner: Verdict | null
  /** Number of nodes that match the filter, and one page of them. */
  total: number
  verdicts: Verdict[]
  /** The nodes to compare, in the order of the request. */
  compared: Verdict[]
  regions: string[]
}
