/** The stretch of time that a scrubber spans; milliseconds since 1970. */
export interface TimeWindow {
  from: number
  to: number
  /** It ended at the present when it was made: its right end stands for now, whenever that is. */
  endsNow: boolean
}

interface WindowInput {
  /** How long it is; null spans everything that is recorded. */
  spanMs: number | null
  /** Null is now. */
  at: number | null
  now: number
  /** Where the records begin. */
  oldest: number
}

/** Less would be a slider without a way. */
const shortestMs = 60_000

/**
 * Ends now, and goes along with it. Who looks at the past has a window that stays where it was, as long as the moment is
 * in it; else one around the moment.
 */
export function windowAround(last: TimeWindow | null, { spanMs, at, now, oldest }: WindowInput): TimeWindow {
  const span = Math.max(shortestMs, spanMs ?? now - oldest)
  const from = (to: number): number => Math.max(to - span, Math.min(oldest, to - shortestMs))
  const until = (to: number, endsNow: boolean): TimeWindow => ({ from: from(to), to, endsNow })
  if (at === null) return until(now, true)
  // Before the records begin is nothing to look at: the nearest there is is their beginning.
  const shown = Math.max(at, oldest)
  if (last && last.from === from(last.to) && shown >= last.from && shown <= last.to) return last
  return shown > now - span ? until(Math.max(shown, now), true) : until(shown + span / 2, false)
}
