/**
 * Restarts in place: an agent restarts an ended container on the same node without asking the control plane. The rules
 * are not configurable. A replica is *well* once it has run for a minute or passed its health check.
 */
export const restartRules = {
  /** Delay before the first restart; it doubles with each further restart, up to `mostMs`. */
  firstMs: 1_000,
  mostMs: 300_000,
  /** A replica that was never well fails after this many restarts. */
  triesUntilWell: 5,
  /** After this many restarts in a row on one node the scheduler tries another node. */
  beforeMove: 5,
  wellAfterMs: 60_000,
  /** A run of this length resets the back-off. */
  anewAfterMs: 600_000,
} as const

/** The restarts of a replica on its node. Numbers only grow, except `inARow`. */
export interface RestartRecord {
  /** How often its container stopped running, for any reason. Reports can be ordered by this number. */
  interruptions: number
  /** How often its container was restarted. */
  restarts: number
  /** Restarts since the back-off was last reset. */
  inARow: number
  wasWell: boolean
}

export const noRestarts: RestartRecord = { interruptions: 0, restarts: 0, inARow: 0, wasWell: false }

/** Merges the records of agent and control plane, either of which may be outdated. */
export const newerRecord = (a: RestartRecord, b: RestartRecord): RestartRecord => ({
  ...(b.interruptions > a.interruptions ? b : a),
  wasWell: a.wasWell || b.wasWell,
})

/** Returns the record after a run of the container. `byCheck`: the container still runs, but its health check fails. */
export function afterRun(
  record: RestartRecord,
  { ranMs, byCheck }: { ranMs: number; byCheck: boolean },
): RestartRecord {
  const wasWell = record.wasWell || (!byCheck && ranMs >= restartRules.wellAfterMs)
  return { ...record, wasWell, inARow: wasWell && ranMs >= restartRules.anewAfterMs ? 0 : record.inARow }
}

/** Milliseconds until the next restart; null when a replica that was never well has used up its restarts. */
export function restartDelayMs({ wasWell, inARow }: RestartRecord): number | null {
  if (!wasWell && inARow >= restartRules.triesUntilWell) return null
  return Math.min(restartRules.firstMs * 2 ** inARow, restartRules.mostMs)
}
