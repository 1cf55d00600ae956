interface CapacityShares {
  /** Percent of the capacity, 0..100: how wide the outline is. */
  reserved: number
  /** Percent of the capacity, 0..100; null when it is not known. */
  used: number | null
  /** More is in use than was promised to anybody: other programs run on the machine. */
  usedBeyondReserved: boolean
}

const clamp = (percent: number): number => Math.min(100, Math.max(0, percent))

/** Widths of a capacity bar. A capacity of 0 (no GPUs) has nothing reserved and nothing used. */
export function capacityShares(capacity: number, reserved: number, usedPercent: number | null): CapacityShares {
  const reservedPercent = capacity > 0 ? clamp((reserved / capacity) * 100) : 0
  const used = usedPercent === null ? null : clamp(usedPercent)
  return { reserved: reservedPercent, used, usedBeyondReserved: used !== null && used > reservedPercent }
}
