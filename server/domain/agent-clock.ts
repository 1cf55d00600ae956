import type { ReplicaReport } from './agent-protocol'

/**
 * The reports with the times of their observation by our clock: what counts is how long before sending it was, which is
 * right also where the agent's clock is wrong. Never in the future; what can't be read is left out.
 */
export function byOurClock(reports: readonly ReplicaReport[], sentAt: string | null, now: Date): ReplicaReport[] {
  const sentMs = sentAt === null ? Number.NaN : Date.parse(sentAt)
  return reports.map((report) => {
    const agoMs = sentMs - Date.parse(report.observedAt ?? '')
    const observedAt = Number.isNaN(agoMs) ? null : new Date(now.getTime() - Math.max(0, agoMs)).toISOString()
    return { ...report, observedAt }
  })
}
