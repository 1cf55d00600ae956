import type { Clock } from '../clock'

/** A difference above this is a jump of the database's clock, not the way of an answer. Milliseconds. */
const jumpFromMs = 2_000

/**
 * The database's time, carried on by a clock that never jumps: what the scheduler compares are times that the database
 * wrote, and its own machine's clock may say anything.
 */
export class DatabaseClock implements Clock {
  #learned: { databaseMs: number; atMs: number } | null = null

  /** `steadyMs` never jumps; `performance.now` by default. */
  constructor(private readonly steadyMs: () => number = () => performance.now()) {}

  now(): Date {
    if (!this.#learned) throw new Error('The time of the database is not known yet')
    return new Date(this.#learned.databaseMs + this.steadyMs() - this.#learned.atMs)
  }

  /** Takes what the database just said; by how many milliseconds its clock has jumped since it was last asked, or 0. */
  learn(databaseTime: Date): number {
    const atMs = this.steadyMs()
    const expectedMs = this.#learned && this.#learned.databaseMs + atMs - this.#learned.atMs
    this.#learned = { databaseMs: databaseTime.getTime(), atMs }
    const jumpMs = expectedMs === null ? 0 : databaseTime.getTime() - expectedMs
    return Math.abs(jumpMs) > jumpFromMs ? Math.round(jumpMs) : 0
  }
}
