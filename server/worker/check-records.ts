import { matchesRecord, replay } from '@/core/scheduler/replay'
import type { Store } from '@/server/db/client'
import { databaseProblem } from '@/server/db/errors'
import type { Logger } from '@/server/lib/log'
import { readDecision, sampleDecisions } from '@/server/store/decisions/decision-reads'
import { countReplays } from '@/server/store/leader/leadership'

/**
 * Replays a sample of the stored decisions. A replay with a different result raises an alarm: the metric
 * fogdeck_decision_replays_mismatched_total increases, and the log names the decision.
 */
export async function checkRecords(
  { store, log, epoch }: { store: Store; log: Logger; epoch: bigint },
  sampleSize: number,
): Promise<void> {
  let mismatched = 0
  const ids = await sampleDecisions(store, sampleSize)
  for (const id of ids) {
    const problem = await problemOf(store, id)
    if (problem === null) continue
    mismatched++
    log.error({ decisionId: id }, `Record mismatch: decision ${id} ${problem}`)
  }
  if (ids.length > 0) await countReplays(store, { epoch, checked: ids.length, mismatched })
}

/**
 * Describes what is wrong with a record; null for nothing. A malformed record counts like a mismatch, and neither may
 * stop the scheduler. A database error says nothing about the record, so it is thrown and ends the round.
 */
async function problemOf(store: Store, id: string): Promise<string | null> {
  try {
    const record = await readDecision(store, id)
    return matchesRecord(replay(record), record) ? null : 'is replayed to another placement'
  } catch (error) {
    if (databaseProblem(error) !== null) throw error
    return `cannot be replayed: ${error instanceof Error ? error.message : error}`
  }
}
