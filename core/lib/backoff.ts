export interface BackoffLimits {
  firstMs: number
  maxMs: number
}

/**
 * Returns the delay in milliseconds after `failures` failures in a row (1 or more). The delay doubles from `firstMs` to
 * `maxMs`; `chance` (0..1) picks a value from its upper half, so that simultaneous failures are not retried together.
 */
export const backoffMs = (failures: number, { firstMs, maxMs }: BackoffLimits, chance: number): number =>
  Math.round(Math.min(maxMs, firstMs * 2 ** (failures - 1)) * (0.5 + chance / 2))
