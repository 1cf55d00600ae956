import type { Clock } from '@/agent/lib/clock'

/** Real time, accelerated by `factor`, for loops whose steps take seconds. */
export const fastClock = (factor: number): Clock => {
  const start = Date.now()
  return {
    now: () => start + (performance.now() - base) * factor,
    after(ms, action) {
      const timer = setTimeout(action, ms / factor)
      return () => clearTimeout(timer)
    },
  }
}

const base = performance.now()

/** A clock that only moves when a test advances it. */
export class ManualClock implements Clock {
  private time: number
  private timers: { at: number; action: () => void }[] = []

  constructor(start = Date.UTC(2026, 0, 1)) {
    this.time = start
  }

  now(): number {
    return this.time
  }

  after(ms: number, action: () => void): () => void {
    const timer = { at: this.time + ms, action }
    this.timers.push(timer)
    return () => {
      this.timers = this.timers.filter((each) => each !== timer)
    }
  }

  /** Jumps from timer to timer until `step` is done; returns the milliseconds that this took. */
  async during(step: Promise<unknown>): Promise<number> {
    const startedAt = this.time
    let isDone = false
    const done = step.finally(() => {
      isDone = true
    })
    done.catch(() => undefined)
    for (;;) {
      await settle()
      if (isDone) break
      const [next] = this.timers.map((timer) => timer.at).sort((a, b) => a - b)
      if (next === undefined) throw new Error('nothing is due, and yet the step is not done')
      await this.advance(next - this.time)
    }
    await done
    return this.time - startedAt
  }

  /** Advances the clock and runs the due timers in order, with time for promises to settle in between. */
  async advance(ms: number): Promise<void> {
    const end = this.time + ms
    for (;;) {
      await settle()
      const [next] = this.timers.filter((each) => each.at <= end).sort((a, b) => a.at - b.at)
      if (!next) break
      this.timers = this.timers.filter((each) => each !== next)
      this.time = Math.max(this.time, next.at)
      next.action()
    }
    this.time = end
    await settle()
  }
}

/** Lets promises settle. Code under test on this clock uses neither disk nor network. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
