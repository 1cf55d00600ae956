/** A run as pages show it, whatever the size of the fleet: the best nodes in full, the others as counts. */
import type { ChosenNode, Refusal, RuleName, Verdict } from './types'

/** Refused nodes whose first failed rule is `rule`. */
export interface RefusedGroup {
  rule: RuleName
  count: number
  /** The first of them by name. */
  some: Verdict[]
}

export interface PlacementSummary {
  chosen: ChosenNode[]
  /** Each reason has an exact count, but names only some of its nodes. */
  refusal: Refusal | null
  /** Number of nodes in the fleet, and of those that can take a replica. */
  nodes: number
  feasible: number
  /** The best nodes by rank: all chosen ones and some that follow them. */
  best: Verdict[]
  /** Sorted by count, largest first. */
  refused: RefusedGroup[]
}
