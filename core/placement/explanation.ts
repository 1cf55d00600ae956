/** What a decision has to say of one node. */
import type { RuleResult, ScorePartName, Verdict } from './types'

/** What one soft wish found on one node. */
export interface WishResult {
  part: Extract<ScorePartName, 'preferences' | 'spread' | 'affinity'>
  /** The wish in words: "disk = ssd". */
  wish: string
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
  wishes: WishResult[]
  /** How many nodes the rank is among. */
  feasible: number
  /** How far it stayed behind the last node chosen; null when it was chosen or could not be. */
  gap: { gap: number; nodeId: string } | null
}
