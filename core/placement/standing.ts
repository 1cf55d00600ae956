/** Describes the standing of a node in a decision, for pages. */
import type { Placement, Verdict } from './types'

/** Returns how far a feasible node that was not chosen is behind the last chosen one, 0 or more; else null. */
export function gapToLastChosen(
  { chosen }: Pick<Placement, 'chosen'>,
  verdict: Verdict,
): { gap: number; nodeId: string } | null {
  const last = chosen.at(-1)
  if (!last || verdict.score === null || verdict.chosen > 0) return null
  return { gap: last.score - verdict.score, nodeId: last.nodeId }
}

/** Returns one line: "chosen", "0.03 below the last chosen node-05", "needs 2 cores, 0.5 are free of 4". */
export function standing(placement: Pick<Placement, 'chosen'>, verdict: Verdict): string {
  if (!verdict.feasible) return verdict.failures.map((failure) => failure.message).join('; ')
  if (verdict.chosen > 1) return `chosen for ${verdict.chosen} replicas`
  if (verdict.chosen === 1) return 'chosen'
  const behind = gapToLastChosen(placement, verdict)
  if (!behind) return 'has room, but too few nodes have'
  if (behind.gap === 0) return `as good as ${behind.nodeId}, whose name comes first`
  return `${behind.gap < 0.005 ? 'less than 0.01' : behind.gap.toFixed(2)} below the last chosen ${behind.nodeId}`
}
