/**
 * Restarts in place: an agent starts a container that ended again, on the same node, without asking the control plane.
 * The rules are fixed. A replica is *well* once it ran for a minute or passed its health check.
 */
export const restartRules = {
  /** The pause before the first restart; it doubles with each one that follows. */
  firstMs: 1_000,
  mostMs: 300_000,
  /** So often a replica that was never well is started again before it fails. */
  triesUntilWell: 5,
  /** After so many restarts in a row on one node another node is tried. */
  beforeMove: 5,
  wellAfterMs: 60_000,
  /** The back-off begins anew once a replica was well for so long. */
  anewAfterMs: 600_000,
} as const

/** How a replica fared on its node so far. Numbers only grow, but for `inARow`. */
export interface RestartRecord {
  /** How often its container ceased to run, for whatever reason: the order of reports shows in it. */
  interruptions: number
  /** How often its container was started again. */
  restarts: number
  /** Restarts since the back-off began anew. */
  inARow: number
  wasWell: boolean
}

export const noRestarts: RestartRecord = { interruptions: 0, restarts: 0, inARow: 0, wasWell: false }

/** Neither side knows less than the other: one of them may have lost its memory. */
export const newerRecord = (a: RestartRecord, b: RestartRecord): RestartRecord => ({
  ...(b.interruptions > a.interruptions ? b : a),
  wasWell: a.wasWell || b.wasWell,
})

/** The record once a run of the container is over. `byCheck`: it runs on and its health check fails. */
export function afterRun(
  record: RestartRecord,
  { ranMs, byCheck }: { ranMs: number; byCheck: boolean },
): RestartRecord {
  const wasWell = record.wasWell || (!byCheck && ranMs >= restartRules.wellAfterMs)
  return { ...record, wasWell, inARow: wasWell && ranMs >= restartRules.anewAfterMs ? 0 : record.inARow }
}

/** Milliseconds until the next restart; null when there is none: it was never well and had its tries. */
export function restartDelayMs({ wasWell, inARow }: RestartRecord): number | null {
  if (!wasWell && inARow >= restartRules.triesUntilWell) return null
  return Math.min(restartRules.firstMs * 2 ** inARow, restartRules.mostMs)
}
