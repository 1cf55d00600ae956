/** What the page of scores reads: a page of the nodes in the order of a run. */
import type { ChosenNode, PlacementRequest, Policy, Refusal, Verdict } from './types'

export interface Ranking {
  request: PlacementRequest
  policy: Policy
  /** ISO 8601: when the fleet was as it was looked at. */
  takenAt: string
  /** How many nodes the fleet has, and how many of them could take a replica. */
  nodes: number
  feasible: number
  /** How many replicas could be placed. */
  found: number
  chosen: ChosenNode[]
  /** "Insufficient nodes: …"; null when it fits. */
  message: Refusal['message'] | null
  /** The best of all; null when no node has room. */
  winner: Verdict | null
  /** How many nodes are like what was asked for, and one page of them. */
  total: number
  verdicts: Verdict[]
  /** The nodes that are compared, in the order in which they were named. */
  compared: Verdict[]
  regions: string[]
}
