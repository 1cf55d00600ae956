import { setTimeout as sleep } from 'node:timers/promises'
import { backoffMs } from '@/core/lib/backoff'
import { chanceOf } from '@/core/lib/chance'
import type { Evaluation } from '@/core/queue/evaluation'
import type { Change, ChangeStream } from '@/server/db/notify'
import { StaleLeaderError } from '@/server/store/leader/leadership'
import { markDead } from '@/server/store/queue/dead-letters'
import {
  claimEvaluations,
  maxEvaluationAttempts,
  nextEvaluationDueMs,
  releaseEvaluation,
  returnLeases,
} from '@/server/store/queue/evaluations'
import { evaluate, logChange, type Scheduling } from './evaluate'
import { Waiting } from './retry-blocked'

/** Evaluations per claim: enough to stay busy, few enough that the leases of a dead scheduler delay little. */
export const batchSize = 192
/** Polls this often even without a notification, in milliseconds. */
const pollMs = 2_000

/** Processes evaluations until `signal` aborts or the leadership term ends; then releases its leases. */
export async function runEvaluations(
  scheduling: Scheduling,
  changes: ChangeStream,
  signal: AbortSignal,
): Promise<void> {
  const { store, log } = scheduling
  const wakeSignal = new WakeSignal(changes, ({ topic }) => topic === 'evaluation')
  const waiting = new Waiting(scheduling)
  try {
    while (!signal.aborted) {
      const count = wakeSignal.count
      await waiting.retryIfDue()
      if (await workOff(scheduling, signal)) continue
      const due = await nextEvaluationDueMs(store)
      await wakeSignal.wait(count, Math.min(pollMs, due ?? pollMs), signal)
    }
  } finally {
    wakeSignal.close()
    await returnLeases(store, scheduling).catch((error: Error) =>
      log.warn(`Could not hand back leases: ${error.message}`),
    )
  }
}

/**
 * Processes a bounded number of due evaluations; returns false when none is due. An evaluation that was begun before is
 * processed alone: it may have crashed the scheduler that began it, and a new crash must not count as an attempt of
 * others.
 */
async function workOff(scheduling: Scheduling, signal: AbortSignal): Promise<boolean> {
  const fresh = await claimEvaluations(scheduling.store, scheduling, { limit: batchSize, which: 'fresh' })
  await settle(scheduling, fresh, signal)
  if (signal.aborted) return false
  const retried = await claimEvaluations(scheduling.store, scheduling, { limit: 1, which: 'retried' })
  for (const evaluation of retried) await settleOne(scheduling, evaluation)
  return fresh.length + retried.length > 0
}

/** The backoff of evaluations that failed unexpectedly. */
const pause = { firstMs: 1_000, maxMs: 30_000 }

/**
 * Processes claimed evaluations in one batch, so that a burst costs one commit. If the batch fails, processes them one
 * by one, so that one that always fails doesn't hold up others. Evaluations of the same deployment never share a batch.
 */
async function settle(scheduling: Scheduling, claimed: Evaluation[], signal: AbortSignal): Promise<void> {
  const batch = claimed.filter(
    ({ deploymentId }, i) => claimed.findIndex((one) => one.deploymentId === deploymentId) === i,
  )
  const rest = claimed.filter((evaluation) => !batch.includes(evaluation))
  let left = batch
  try {
    while (left.length > 1 && !signal.aborted) left = await evaluate(scheduling, left)
  } catch (error) {
    if (error instanceof StaleLeaderError) throw error
    scheduling.log.debug(`A batch of ${left.length} did not go through (${messageOf(error)}); one by one`)
  }
  for (const evaluation of [...left, ...rest]) {
    if (signal.aborted) return
    await settleOne(scheduling, evaluation)
  }
}

async function settleOne(scheduling: Scheduling, evaluation: Evaluation): Promise<void> {
  // Every attempt began and none recorded an end, so the scheduler died each time.
  if (evaluation.attempts > maxEvaluationAttempts)
    return moveToDeadLetters(scheduling, evaluation, 'the scheduler ended while it worked on it')
  try {
    await evaluate(scheduling, [evaluation])
  } catch (error) {
    if (error instanceof StaleLeaderError) throw error
    const message = messageOf(error)
    scheduling.log.error(
      { err: error, evaluationId: evaluation.id },
      `Deployment ${evaluation.deploymentId} scheduling failed: ${message}`,
    )
    if (evaluation.attempts >= maxEvaluationAttempts) return moveToDeadLetters(scheduling, evaluation, message)
    await releaseEvaluation(scheduling.store, scheduling, {
      id: evaluation.id,
      error: message,
      delayMs: backoffMs(evaluation.attempts, pause, chanceOf(evaluation.id, evaluation.attempts)),
    })
  }
}

async function moveToDeadLetters(
  scheduling: Scheduling,
  { id, deploymentId }: Evaluation,
  error: string,
): Promise<void> {
  const reason = `Scheduling failed ${maxEvaluationAttempts} times: ${error}`
  const change = await markDead(scheduling.store, scheduling, { id, deploymentId, reason, error })
  if (change) logChange(scheduling.log, change)
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** Wakes a loop on notifications, including those that came while the loop was busy. */
class WakeSignal {
  count = 0
  readonly #unsubscribe: () => void
  #wake: AbortController | null = null

  constructor(changes: ChangeStream, wanted: (change: Change) => boolean) {
    this.#unsubscribe = changes.subscribe((change) => {
      if (!wanted(change)) return
      this.count++
      this.#wake?.abort()
    })
  }

  /** Sleeps up to `milliseconds`; returns early when `signal` aborts or on a notification newer than `count`. */
  async wait(count: number, milliseconds: number, signal: AbortSignal): Promise<void> {
    if (this.count !== count || signal.aborted) return
    this.#wake = new AbortController()
    await sleep(milliseconds, undefined, { signal: AbortSignal.any([this.#wake.signal, signal]) }).catch(
      () => undefined,
    )
    this.#wake = null
  }

  close(): void {
    this.#unsubscribe()
  }
}
