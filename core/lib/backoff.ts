export interface BackoffLimits {
  firstMs: number
  maxMs: number
}

/**
 * How long to wait after so many failures in a row, from 1 on: doubles from `firstMs` to `maxMs`, drawn by `chance`
 * (0..1) from its upper half, so that what failed together is not tried again together.
 */
export const backoffMs = (failures: number, { firstMs, maxMs }: BackoffLimits, chance: number): number =>
  Math.round(Math.min(maxMs, firstMs * 2 ** (failures - 1)) * (0.5 + chance / 2))
