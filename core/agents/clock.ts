import type { ReplicaReport } from './protocol'

/**
 * Converts the times of reports to the control plane's clock. The time between observation and sending is right even if
 * the agent's clock is wrong. Results are never in the future; unreadable times become null. Without `sentAt`, start
 * times stay as reported and observation times are unknown.
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
