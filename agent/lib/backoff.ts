import { type BackoffLimits, backoffMs } from '@/core/lib/backoff'
import type { Random } from './random'

/** Counts consecutive failures and computes the backoff after each. */
export class Backoff {
  private failures = 0

  constructor(
    private readonly limits: BackoffLimits,
    private readonly random: Random,
  ) {}

  /** Records one more failure; returns the milliseconds to wait. */
  next(): number {
    this.failures += 1
    return backoffMs(this.failures, this.limits, this.random())
  }

  reset(): void {
    this.failures = 0
  }
}
