/** Why a node was chosen or was not, in a sentence. Pure. */

import { formatScore, plural } from '@/app/ui/text/format'
import { gapToLastChosen } from '@/core/placement/standing'
import type { ChosenNode, Verdict } from '@/core/placement/types'
import { partLosses } from './labels'

interface Asked {
  verdict: Verdict
  /** All that were chosen, the last one last. */
  chosen: ChosenNode[]
  /** Of the node that was chosen last; undefined when nothing was placed. */
  last: Verdict | undefined
  /** How many nodes had room, and how many replicas were asked for. */
  feasible: number
  replicas: number
}

export function whyThisNode({ verdict, chosen, last, feasible, replicas }: Asked): string {
  const { nodeId, score, rank } = verdict
  if (score === null)
    return `${nodeId} could not take it: ${verdict.failures.map(({ message }) => message).join('; ')}.`
  const scoreAtChoice = `ranked ${rank} of ${plural(feasible, 'node')} with room, with ${formatScore(score)}`
  if (verdict.chosen > 0) {
    const count = verdict.chosen > 1 ? ` for ${plural(verdict.chosen, 'replica')}` : ''
    return `${nodeId} was chosen${count}: it ${scoreAtChoice}.`
  }
  const behind = gapToLastChosen({ chosen }, verdict)
  if (!behind)
    return `${nodeId} had room and ${scoreAtChoice}; nothing was placed because ${plural(replicas, 'replica')} did not fit.`
  if (behind.gap === 0)
    return `${nodeId} ${scoreAtChoice}: as good as ${behind.nodeId}, the last that was chosen, whose name comes first.`
  if (behind.gap < 0)
    return `${nodeId} ${scoreAtChoice}, but comes after all others because an attempt failed there before.`
  // With several replicas on a node its score fell from one to the next: parts don't compare.
  const losses = last && last.chosen === 1 ? partLosses(last, verdict) : []
  const most = losses[0] ? `, most of it in ${losses[0].name}` : ''
  return `${nodeId} ${scoreAtChoice}: ${formatScore(behind.gap)} below ${behind.nodeId}, the last that was chosen${most}.`
}
