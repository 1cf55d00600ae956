/** Limits expensive work: what cannot begin soon is refused at once. */

interface FairQueueLimits {
  /** How many tasks run at once. */
  lanes: number
  /** How many tasks of one caller, and in total, may run or wait. */
  perCaller: number
  total: number
}

/** The error of refused work: too much of this caller, or in total, waits already. */
interface QueueFull {
  full: 'caller' | 'all'
}

/** Callers take turns, so that one caller cannot hold up the others. */
export class FairQueue {
  #busy = 0
  #total = 0
  readonly #held = new Map<string, number>()
  /** The waiting tasks of each caller; the next caller stands first. */
  readonly #waiting = new Map<string, (() => void)[]>()

  constructor(readonly limits: FairQueueLimits) {}

  /** Refuses work that cannot be accepted, without waiting. */
  async run<T>(caller: string, work: () => Promise<T>): Promise<{ done: T } | QueueFull> {
    const held = this.#held.get(caller) ?? 0
    if (held >= this.limits.perCaller) return { full: 'caller' }
    if (this.#total >= this.limits.total) return { full: 'all' }
    this.#held.set(caller, held + 1)
    this.#total += 1
    try {
      if (this.#busy >= this.limits.lanes) await this.#turn(caller)
      else this.#busy += 1
      try {
        return { done: await work() }
      } finally {
        this.#next()
      }
    } finally {
      this.#total -= 1
      const left = (this.#held.get(caller) ?? 1) - 1
      if (left > 0) this.#held.set(caller, left)
      else this.#held.delete(caller)
    }
  }

  #turn(caller: string): Promise<void> {
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(caller)
      if (waiting) waiting.push(resolve)
      else this.#waiting.set(caller, [resolve])
    })
  }

  /** Passes the turn to the caller who has waited the longest. */
  #next(): void {
    const [caller, waiting] = this.#waiting.entries().next().value ?? []
    const resume = waiting?.shift()
    if (caller === undefined || !waiting || !resume) {
      this.#busy -= 1
      return
    }
    this.#waiting.delete(caller)
    if (waiting.length > 0) this.#waiting.set(caller, waiting)
    resume()
  }
}
