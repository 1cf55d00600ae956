/** What a choice is made among, and what comes of it. */
import type { ChosenNode, FleetNode, ScorePart } from '@/core/placement/types'
import type { ScoreContext } from '@/core/scheduler/scoring/score'
import type { SpreadView } from './spreading'

/** A node that meets every rule, with its score before any replica of this run was placed. */
export interface Candidate {
  node: FleetNode
  score: number
  /** How it stood when it was chosen first, where that cannot be told later: its place holds more by then. */
  scoreAtChoice?: { parts: ScorePart[]; spread: SpreadView }
}

export interface Choice {
  context: ScoreContext
  /** Nodes that were in the running, the best first; avoided nodes, when they were needed, come after all others. */
  readonly candidates: Candidate[]
  /** How many they are, and the first of them: known without sorting the others. */
  readonly feasible: number
  first(count: number): Candidate[]
  /** Avoided nodes that meet every rule but were not needed. */
  skipped: FleetNode[]
  /** Nodes that fail a rule, in the order of the fleet. */
  refused: FleetNode[]
  /** How many replicas fit, exactly when it is less than asked; then nothing is chosen. */
  found: number
  chosen: ChosenNode[]
}

/** Plain comparison of code units: the same on every machine, whatever its language. */
export const compareNames = (a: FleetNode, b: FleetNode): number => {
  if (a.nodeId !== b.nodeId) return a.nodeId < b.nodeId ? -1 : 1
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0
}

/** The better first: the higher score, and among equals the smaller name. */
export const compareCandidates = (a: Candidate, b: Candidate): number =>
  b.score - a.score || compareNames(a.node, b.node)
