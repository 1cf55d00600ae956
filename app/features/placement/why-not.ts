/** Explains in a sentence why a node was or was not chosen. Pure. */

import { formatScore, plural } from '@/app/ui/text/format'
import { gapToLastChosen } from '@/core/placement/standing'
import type { ChosenNode, Verdict } from '@/core/placement/types'
import { partLosses } from './labels'

interface Asked {
  verdict: Verdict
  /** All chosen nodes, in the order of choice. */
  chosen: ChosenNode[]
  /** The verdict on the node that was chosen last; undefined when nothing was placed. */
  last: Verdict | undefined
  /** The number of eligible nodes and of requested replicas. */
  feasible: number
  replicas: number
}

export function whyThisNode({ verdict, chosen, last, feasible, replicas }: Asked): string {
  const { nodeId, score, rank } = verdict
  if (score === null) return `${nodeId} was ineligible: ${verdict.failures.map(({ message }) => message).join('; ')}.`
  const scoreAtChoice = `ranked ${rank} of ${plural(feasible, 'eligible node')}, with ${formatScore(score)}`
  if (verdict.chosen > 0) {
    const count = verdict.chosen > 1 ? ` for ${plural(verdict.chosen, 'replica')}` : ''
    return `${nodeId} was chosen${count}: it ${scoreAtChoice}.`
  }
  const behind = gapToLastChosen({ chosen }, verdict)
  if (!behind)
    return `${nodeId} was eligible and ${scoreAtChoice}; nothing was placed because ${plural(replicas, 'replica')} did not fit.`
  if (behind.gap === 0)
    return `${nodeId} ${scoreAtChoice}: tied with ${behind.nodeId}, the last one chosen, which comes first by name.`
  if (behind.gap < 0) return `${nodeId} ${scoreAtChoice}, but ranks last because an earlier attempt failed there.`
  // With several replicas on a node its score fell from one to the next, so parts are not comparable.
  const losses = last && last.chosen === 1 ? partLosses(last, verdict) : []
  const most = losses[0] ? `, most of it in ${losses[0].name}` : ''
  return `${nodeId} ${scoreAtChoice}: ${formatScore(behind.gap)} below ${behind.nodeId}, the last one chosen${most}.`
}
