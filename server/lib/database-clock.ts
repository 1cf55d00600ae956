import type { Clock } from './clock'

/**
 * A difference above this that the way of the answers does not explain is a jump of the database's clock. Milliseconds.
 */
const jumpFromMs = 2_000

/**
 * The database's time, carried on by a clock that never jumps: what the scheduler compares are times that the database
 * wrote, and its own machine's clock may say anything.
 */
export class DatabaseClock implements Clock {
  #learned: Reported | null = null

  /** `steadyMs` never jumps; `performance.now` by default. */
  constructor(readonly monotonicMs: () => number = () => performance.now()) {}

  /** Whether the time of the database is known. */
  get isKnown(): boolean {
    return this.#learned !== null
  }

  now(): Date {
    return this.at(this.monotonicMs())
  }

  /** The database's time at a moment of the steady clock; too early rather than too late. */
  at(monotonicMs: number): Date {
    if (!this.#learned) throw new Error('The time of the database is not known yet')
    return new Date(this.#learned.databaseMs + monotonicMs - this.#learned.answeredMs)
  }

  /**
   * Takes what the database just said, asked at `askedMs` of the steady clock. By how many milliseconds its clock has
   * jumped since it was last asked, at the least; 0 when a slow answer explains the difference.
   */
  learn(databaseTime: Date, askedMs: number): number {
    const before = this.#learned
    const learned = { databaseMs: databaseTime.getTime(), askedMs, answeredMs: this.monotonicMs() }
    this.#learned = learned
    if (before === null) return 0
    const ahead = leastAheadMs(learned) - mostAheadMs(before)
    const behind = mostAheadMs(learned) - leastAheadMs(before)
    return ahead > jumpFromMs ? Math.round(ahead) : behind < -jumpFromMs ? Math.round(behind) : 0
  }
}

/** The database said its time at some moment between these two of the steady clock. */
interface Reported {
  databaseMs: number
  askedMs: number
  answeredMs: number
}

/**
 * By how much the database's clock is ahead of the steady one: it was read when the answer came, or when it was asked.
 */
const leastAheadMs = ({ databaseMs, answeredMs }: Reported): number => databaseMs - answeredMs
const mostAheadMs = ({ databaseMs, askedMs }: Reported): number => databaseMs - askedMs
