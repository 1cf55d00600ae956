/** What pages show of a run over a fleet of any size: the best nodes, and the rest counted. */
import type { ChosenNode, Refusal, RuleName, Verdict } from './types'

/** Refused nodes whose first failure is of this rule. */
export interface RefusedGroup {
  rule: RuleName
  count: number
  /** The first of them by name. */
  some: Verdict[]
}

export interface PlacementSummary {
  chosen: ChosenNode[]
  /** Behind each reason stand no more than some names; its count is exact. */
  refusal: Refusal | null
  /** How many nodes the fleet has, and how many of them could take a replica. */
  nodes: number
  feasible: number
  /** The best nodes by rank: all that were chosen, those after them, and no more. */
  best: Verdict[]
  /** The largest group first. */
  refused: RefusedGroup[]
}
