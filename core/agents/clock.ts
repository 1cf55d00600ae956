import type { ReplicaReport } from './protocol'

/**
 * The reports with their times by our clock: what counts is how long before sending they were, which is right also where
 * the agent's clock is wrong. Never in the future; what can't be read is left out. An agent that does not say when it sent
 * them is not guessed at: its starts stay as it tells them, and when it saw them is not known.
 */
export function byOurClock(reports: readonly ReplicaReport[], sentAt: string | null, now: Date): ReplicaReport[] {
  const sentMs = sentAt === null ? Number.NaN : Date.parse(sentAt)
  const ours = (time: string | null): string | null => {
    const agoMs = sentMs - Date.parse(time ?? '')
    return Number.isNaN(agoMs) ? null : new Date(now.getTime() - Math.max(0, agoMs)).toISOString()
  }
  return reports.map((report) => ({
    ...report,
    observedAt: ours(report.observedAt),
    startedAt: Number.isNaN(sentMs) ? report.startedAt : ours(report.startedAt),
  }))
}
