import { setTimeout as sleep } from 'node:timers/promises'
import type { Store } from '@/server/db/client'
import type { DatabaseClock } from '@/server/lib/database-clock'
import type { Logger } from '@/server/lib/log'
import { followClockJump } from '@/server/store/leader/clock-jumps'
import { type Leadership, StaleLeaderError, showEveryMs } from '@/server/store/leader/leadership'

/** The leadership term of this scheduler. */
export class LeadershipTerm {
  readonly #leadership: Leadership
  readonly #store: Store
  readonly #clock: DatabaseClock
  readonly #log: Logger

  constructor(leadership: Leadership, parts: { store: Store; clock: DatabaseClock; log: Logger }) {
    this.#leadership = leadership
    this.#store = parts.store
    this.#clock = parts.clock
    this.#log = parts.log
  }

  /**
   * Renews the term and synchronizes with the database's clock. Call this before anything that depends on how long
   * something did not answer. Throws StaleLeaderError when another scheduler leads by now.
   */
  async show(): Promise<void> {
    const { epoch } = this.#leadership
    const askedMs = this.#clock.monotonicMs()
    const databaseTime = await this.#leadership.show()
    if (databaseTime === null) throw new StaleLeaderError(epoch)
    const jumpMs = this.#clock.learn(databaseTime, askedMs)
    if (jumpMs === 0) return
    const moved = await followClockJump(this.#store, { epoch, jumpMs })
    this.#log.warn(
      moved,
      `The clock of the database jumped by ${jumpMs / 1000} s: heartbeats and waiting times are moved along`,
    )
  }

  /** Renews the term regularly until `signal` aborts, however long other work takes. */
  async keepShowing(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.show()
      await sleep(showEveryMs, undefined, { signal }).catch(() => undefined)
    }
  }
}
