import { countOf } from '@/core/lib/count-of'
import type { Evaluation } from '@/core/queue/evaluation'
import { transaction } from '@/server/db/client'
import { databaseProblem } from '@/server/db/errors'
import { readBlockedEvaluations, wakeBlockedEvaluations } from '@/server/store/queue/evaluations'
import { retryWaiting, type Scheduling } from './evaluate'

/** Milliseconds between two checks. */
const pollEveryMs = 10_000
/** The limits of one check: evaluations, and milliseconds for deciding. */
const atOnce = { count: 192, ms: 100 }

/**
 * Rechecks deployments that wait for capacity. Whoever frees capacity wakes them, but capacity that is freed while a
 * deployment is being refused wakes nobody: neither transaction sees the other. So the leader regularly checks some of
 * those that wait. When one of them fits, all are retried, as after any freed capacity, so that priorities decide who
 * gets it. The check itself writes nothing.
 */
export class Waiting {
  readonly #scheduling: Scheduling
  readonly #everyMs: number
  #dueMs: number
  /** The deployment that was checked last; null at the beginning of a round. */
  #after: string | null = null
  /** Deployments whose failed check was already logged. */
  readonly #warned = new Set<string>()

  constructor(scheduling: Scheduling) {
    this.#scheduling = { ...scheduling, decideForMs: atOnce.ms }
    this.#everyMs = scheduling.pollAgainEveryMs ?? pollEveryMs
    this.#dueMs = performance.now() + this.#everyMs
  }

  async retryIfDue(): Promise<void> {
    if (performance.now() < this.#dueMs) return
    await this.#retry()
    this.#dueMs = performance.now() + this.#everyMs
  }

  async #retry(): Promise<void> {
    const { store, log } = this.#scheduling
    const waiting = await readBlockedEvaluations(store, { after: this.#after, limit: atOnce.count })
    const { fit, examined } = await this.#retryOne(waiting)
    const isRest = examined === waiting.length && waiting.length < atOnce.count
    this.#after = isRest ? null : (waiting[examined - 1]?.deploymentId ?? null)
    if (fit === 0) return
    const woken = await transaction(store, wakeBlockedEvaluations)
    log.info(`Capacity for what waited: ${countOf(woken, 'deployment')} tried again`)
  }

  /**
   * Checks the longest prefix that succeeds. A deployment that can't be checked keeps waiting and doesn't block others.
   */
  async #retryOne(waiting: Evaluation[]): Promise<{ fit: number; examined: number }> {
    for (let some = waiting; some.length > 0; some = some.slice(0, Math.ceil(some.length / 2))) {
      try {
        return await retryWaiting(this.#scheduling, some)
      } catch (error) {
        if (databaseProblem(error) !== null) throw error
        if (some.length > 1) continue
        this.#warn(some[0]?.deploymentId ?? '', error)
        return { fit: 0, examined: 1 }
      }
    }
    return { fit: 0, examined: 0 }
  }

  #warn(deploymentId: string, error: unknown): void {
    if (this.#warned.has(deploymentId)) return
    this.#warned.add(deploymentId)
    this.#scheduling.log.warn({ err: error }, `Could not look again at deployment ${deploymentId}`)
  }
}
