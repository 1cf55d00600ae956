import { type BackoffLimits, backoffMs } from '@/core/lib/backoff'
import type { Random } from './random'

/** Counts failures in a row, and says how long to wait after each. */
export class Backoff {
  private failures = 0

  constructor(
    private readonly limits: BackoffLimits,
    private readonly random: Random,
  ) {}

  /** The time to wait after one more failure. */
  next(): number {
    this.failures += 1
    return backoffMs(this.failures, this.limits, this.random())
  }

  reset(): void {
    this.failures = 0
  }
}
