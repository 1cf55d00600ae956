/** The candidates and the result of a choice. */
import type { ChosenNode, FleetNode, ScorePart } from '@/core/placement/types'
import type { ScoreContext } from '@/core/scheduler/scoring/score'
import type { SpreadView } from './spreading'

/** A node that meets every rule, with its score before any replica of this run was placed. */
export interface Candidate {
  node: FleetNode
  score: number
  /** Recorded when the node is first chosen, for requests with a spread: its domain holds more replicas later. */
  scoreAtChoice?: { parts: ScorePart[]; spread: SpreadView }
}

export interface Choice {
  context: ScoreContext
  /** Feasible nodes, best first; avoided nodes, if they were needed, come after all others. */
  readonly candidates: Candidate[]
  /** The number of candidates. `feasible` and `first` do not sort all candidates. */
  readonly feasible: number
  first(count: number): Candidate[]
  /** Avoided nodes that meet every rule but were not needed. */
  skipped: FleetNode[]
  /** Nodes that fail a rule, in the order of the fleet. */
  refused: FleetNode[]
  /** How many replicas fit; exact if fewer than requested, and then `chosen` is empty. */
  found: number
  chosen: ChosenNode[]
}

/** Compares names by code units, so that the order does not depend on a machine's locale. */
export const compareNames = (a: FleetNode, b: FleetNode): number => {
  if (a.nodeId !== b.nodeId) return a.nodeId < b.nodeId ? -1 : 1
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0
}

/** Sorts by score, highest first; equal scores by name. */
export const compareCandidates = (a: Candidate, b: Candidate): number =>
  b.score - a.score || compareNames(a.node, b.node)
