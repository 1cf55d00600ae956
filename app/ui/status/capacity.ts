interface CapacityShares {
  /** Reserved share in percent of the capacity, 0..100: the width of the outline. */
  reserved: number
  /** Used share in percent of the capacity, 0..100; null when unknown. */
  used: number | null
  /** Whether usage exceeds the reservations: other programs run on the machine. */
  usedBeyondReserved: boolean
}

const clamp = (percent: number): number => Math.min(100, Math.max(0, percent))

/** The widths of a capacity bar. With a capacity of 0 (no GPUs) nothing is reserved or used. */
export function capacityShares(capacity: number, reserved: number, usedPercent: number | null): CapacityShares {
  const reservedPercent = capacity > 0 ? clamp((reserved / capacity) * 100) : 0
  const used = usedPercent === null ? null : clamp(usedPercent)
  return { reserved: reservedPercent, used, usedBeyondReserved: used !== null && used > reservedPercent }
}
