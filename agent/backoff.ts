import type { Random } from './random'

/** Waiting times that double from `firstMs` to `maxMs`, each drawn from its upper half so that a fleet spreads out. */
export class Backoff {
  private failures = 0

  constructor(
    private readonly limits: { firstMs: number; maxMs: number },
    private readonly random: Random,
  ) {}

  /** The time to wait after one more failure. */
  next(): number {
    const ceiling = Math.min(this.limits.maxMs, this.limits.firstMs * 2 ** this.failures)
    this.failures += 1
    return Math.round(ceiling * (0.5 + this.random() / 2))
  }

  reset(): void {
    this.failures = 0
  }
}
