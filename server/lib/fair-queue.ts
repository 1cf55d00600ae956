/** Expensive work, a little of it at a time: what can't be begun soon is refused at once. */

interface FairQueueLimits {
  /** So much is done at once. */
  lanes: number
  /** So much of one caller is done or waits; in all. */
  perCaller: number
  total: number
}

/** Refused work: too much of this caller waits already, or too much in all. */
interface QueueFull {
  full: 'caller' | 'all'
}

/** Callers take turns, so that one who asks for much does not hold up the others. */
export class FairQueue {
  #busy = 0
  #total = 0
  readonly #held = new Map<string, number>()
  /** What waits of each caller; whose turn is next stands first. */
  readonly #waiting = new Map<string, (() => void)[]>()

  constructor(readonly limits: FairQueueLimits) {}

  /** Work that can't be taken is refused without waiting. */
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

  /** Hands the lane on, to the caller who has waited for a turn the longest. */
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
