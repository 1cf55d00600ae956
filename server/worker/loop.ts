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

/** Claimed at once: enough to keep busy, few enough that a dead scheduler's leases hold little back. */
export const batchSize = 192
/** Looks again this often even when no notification came, in milliseconds. */
const pollMs = 2_000

/** Works off evaluations until `signal` aborts or the reign is over; hands back its leases then. */
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
      const heard = wakeSignal.heard
      await waiting.lookIfDue()
      if (await workOff(scheduling, signal)) continue
      const due = await nextEvaluationDueMs(store)
      await wakeSignal.wait(heard, Math.min(pollMs, due ?? pollMs), signal)
    }
  } finally {
    wakeSignal.close()
    await returnLeases(store, scheduling).catch((error: Error) =>
      log.warn(`Could not hand back leases: ${error.message}`),
    )
  }
}

/**
 * What is due, a bounded part of it; false when nothing is. What was begun before goes alone: it may be what ended the
 * scheduler that began it, and must not count as an attempt of others.
 */
async function workOff(scheduling: Scheduling, signal: AbortSignal): Promise<boolean> {
  const fresh = await claimEvaluations(scheduling.store, scheduling, { limit: batchSize, which: 'fresh' })
  await settle(scheduling, fresh, signal)
  if (signal.aborted) return false
  const retried = await claimEvaluations(scheduling.store, scheduling, { limit: 1, which: 'retried' })
  for (const evaluation of retried) await settleOne(scheduling, evaluation)
  return fresh.length + retried.length > 0
}

/** Between attempts at an evaluation that went wrong unexpectedly. */
const pause = { firstMs: 1_000, maxMs: 30_000 }

/**
 * Works off what was claimed: together, so that a burst costs one commit; one by one when the batch does not go through,
 * so that one that always fails holds up no other. Evaluations of the same deployment never share a batch.
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
  // It was begun so often, and each time nobody was left to say how it ended.
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

/** Wakes a loop when something was announced, also when it was announced while the loop was busy. */
class WakeSignal {
  heard = 0
  readonly #unsubscribe: () => void
  #wake: AbortController | null = null

  constructor(changes: ChangeStream, wanted: (change: Change) => boolean) {
    this.#unsubscribe = changes.subscribe((change) => {
      if (!wanted(change)) return
      this.heard++
      this.#wake?.abort()
    })
  }

  /** Waits for `milliseconds`, less when something was announced since `heard` or `signal` aborts. */
  async wait(heard: number, milliseconds: number, signal: AbortSignal): Promise<void> {
    if (this.heard !== heard || signal.aborted) return
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
