/**
 * A fair semaphore: at most `size` holders, in the order of asking. A holder that hangs may release its slot early (a
 * second release does nothing), so that a few stuck ones never block the rest.
 */
export class Slots {
  private held = 0
  private readonly waiting: (() => void)[] = []

  constructor(private readonly size: number) {}

  get idle(): boolean {
    return this.held === 0
  }

  get full(): boolean {
    return this.held >= this.size
  }

  /** Waits for a slot. Resolves with its release function; rejects with the signal's reason when that aborts first. */
  async acquire(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted()
    if (this.full) await this.turn(signal)
    else this.held += 1
    let released = false
    return () => {
      if (released) return
      released = true
      // The slot is handed over directly, so that nobody can jump the queue.
      const next = this.waiting.shift()
      if (next) next()
      else this.held -= 1
    }
  }

  private turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const proceed = () => {
        signal.removeEventListener('abort', abandon)
        resolve()
      }
      const abandon = () => {
        this.waiting.splice(this.waiting.indexOf(proceed), 1)
        reject(signal.reason)
      }
      this.waiting.push(proceed)
      signal.addEventListener('abort', abandon, { once: true })
    })
  }
}
