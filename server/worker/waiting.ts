import { countOf } from '../domain/words'
import { type Evaluation, readBlockedEvaluations, wakeEvaluations } from '../store/evaluations'
import { databaseTrouble } from '../store/trouble'
import { lookAtWaiting, type Scheduling } from './evaluate'

/** Between looks, in milliseconds. */
const lookEveryMs = 10_000
/** For each look: how many at most, and for how many milliseconds it may decide. */
const atOnce = { count: 192, ms: 100 }

/**
 * What waits for capacity is woken by whoever makes room. But room that is made while somebody is being refused wakes
 * nobody: the refusal does not know of the room, and the room not of the refusal. So the leader looks again, every now and
 * then at some of those that wait, and wakes those that need not wait any longer. A look writes nothing else: what still
 * does not fit leaves no decision behind.
 */
export class Waiting {
  readonly #scheduling: Scheduling
  readonly #everyMs: number
  #dueMs: number
  /** The deployment that was looked at last; null at the beginning of a round. */
  #after: string | null = null

  constructor(scheduling: Scheduling) {
    this.#scheduling = { ...scheduling, decideForMs: atOnce.ms }
    this.#everyMs = scheduling.lookAgainEveryMs ?? lookEveryMs
    this.#dueMs = performance.now() + this.#everyMs
  }

  async lookIfDue(): Promise<void> {
    if (performance.now() < this.#dueMs) return
    await this.#look()
    this.#dueMs = performance.now() + this.#everyMs
  }

  async #look(): Promise<void> {
    const { store, log } = this.#scheduling
    const waiting = await readBlockedEvaluations(store, { after: this.#after, limit: atOnce.count })
    const { fit, looked } = await this.#lookAt(waiting)
    const isRest = looked === waiting.length && waiting.length < atOnce.count
    this.#after = isRest ? null : (waiting[looked - 1]?.deploymentId ?? null)
    if (fit.length === 0) return
    await wakeEvaluations(
      store,
      fit.map(({ id }) => id),
    )
    log.info(`Capacity for what waited: ${countOf(fit.length, 'deployment')} tried again`)
  }

  /** One that cannot be looked at only goes on waiting, and is in nobody's way. */
  async #lookAt(waiting: Evaluation[]): Promise<{ fit: Evaluation[]; looked: number }> {
    if (waiting.length === 0) return { fit: [], looked: 0 }
    try {
      return await lookAtWaiting(this.#scheduling, waiting)
    } catch (error) {
      if (databaseTrouble(error) !== null) throw error
      if (waiting.length === 1) {
        this.#scheduling.log.warn({ err: error }, `Could not look again at deployment ${waiting[0]?.deploymentId}`)
        return { fit: [], looked: 1 }
      }
    }
    const fit: Evaluation[] = []
    for (const one of waiting) fit.push(...(await this.#lookAt([one])).fit)
    return { fit, looked: waiting.length }
  }
}
