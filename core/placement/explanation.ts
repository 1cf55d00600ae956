/** The explanation of one node in a decision. */
import type { RuleResult, ScorePartName, Verdict } from './types'

/** The result of one scheduling preference on one node. */
export interface PreferenceResult {
  part: Extract<ScorePartName, 'preferences' | 'spread' | 'affinity'>
  /** The preference as text: "disk = ssd". */
  preference: string
  /** 1..100 */
  weight: number
  /** 0..1 */
  value: number
  finding: string
}

export interface NodeExplanation {
  verdict: Verdict
  /** Every rule that the request has, met or not, in the order of the rules. */
  rules: RuleResult[]
  placementRules: PreferenceResult[]
  /** Number of ranked nodes. */
  feasible: number
  /** Difference between its score and that of the last chosen node; null if it was chosen or is not feasible. */
  gap: { gap: number; nodeId: string } | null
}
