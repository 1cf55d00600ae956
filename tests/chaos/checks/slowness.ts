/**
 * Slow is not failed: each node that went offline and each replica that was given up needs a fault that explains it.
 */
import { failsByItself } from '@/tests/chaos/images'
import type { Ledger } from '@/tests/chaos/ledger'
import type { Judgement, Snapshot } from '@/tests/chaos/snapshot'
import { outagesOf, type Spell } from '@/tests/chaos/timeline'

/**
 * The shortest outage after which a node or replica may be given up, in milliseconds: the default limits, less the time
 * between two heartbeats, because the last heartbeat may have come that long before the outage.
 */
const leastMs = { offline: 9_000, unreachable: 24_000 }

/** What is wrong with a judgement, as a sentence; null when the faults explain it. */
export function judgementProblem(
  { what, node, at, reason, image }: Judgement,
  spells: readonly Spell[],
): string | null {
  if (what === 'failed') {
    const isHealthy = image !== null && !failsByItself(image) && !node.startsWith('real-')
    return isHealthy ? `A replica of ${image} on ${node} failed, and nothing fails by itself there: ${reason}` : null
  }
  const needMs = /offline for over/.test(reason) ? leastMs.unreachable : leastMs.offline
  const atMs = at.getTime()
  const isOut = outagesOf(node, spells).some(({ fromMs, untilMs }) => fromMs + needMs <= atMs && atMs <= untilMs)
  if (isOut) return null
  return what === 'offline'
    ? `${node} was taken for offline, and nothing was done to it`
    : `A replica on ${node} was declared lost, and nothing was done to its node: ${reason}`
}

export function checkJudgements(ledger: Ledger, judgements: readonly Judgement[], spells: readonly Spell[]): void {
  for (const judgement of judgements) {
    const problem = judgementProblem(judgement, spells)
    const { what, node, at } = judgement
    ledger.check('slowness', problem === null, `${what} ${node} ${at.getTime()}`, () => ({
      what: problem ?? '',
      evidence: { judgement, outages: outagesOf(node, spells) },
    }))
  }
}

/** Counts one check for each node that is online. */
export function countReporting(ledger: Ledger, { nodes }: Snapshot): void {
  for (const { node_id, status } of nodes)
    if (status !== 'offline') ledger.check('slowness', true, node_id, () => ({ what: '', evidence: null }))
}
