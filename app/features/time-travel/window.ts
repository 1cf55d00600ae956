/** The stretch of time that a scrubber spans; milliseconds since 1970. */
export interface TimeWindow {
  from: number
  to: number
  /** Whether it ended at the present when created: its right end then stands for now. */
  endsNow: boolean
}

interface WindowInput {
  /** The requested length; null spans all records. */
  spanMs: number | null
  /** The shown time; null is now. */
  at: number | null
  now: number
  /** When the records begin. */
  oldest: number
}

/** The minimum length; a shorter slider could not move. */
const shortestMs = 60_000

/**
 * Returns a window that ends now. For a time in the past, returns the previous window while the time is inside, else a
 * new one around it.
 */
export function windowAround(last: TimeWindow | null, { spanMs, at, now, oldest }: WindowInput): TimeWindow {
  const span = Math.max(shortestMs, spanMs ?? now - oldest)
  const from = (to: number): number => Math.max(to - span, Math.min(oldest, to - shortestMs))
  const until = (to: number, endsNow: boolean): TimeWindow => ({ from: from(to), to, endsNow })
  if (at === null) return until(now, true)
  // There is nothing before the beginning of the records, so the window is moved to it.
  const shown = Math.max(at, oldest)
  if (last && last.from === from(last.to) && shown >= last.from && shown <= last.to) return last
  return shown > now - span ? until(Math.max(shown, now), true) : until(shown + span / 2, false)
}
