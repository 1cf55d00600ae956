/** Tells when the control plane is behind with agents' reports, so that nobody mistakes its delay for node failures. */

/** How far behind the control plane is; server/store/nodes/report-intake.ts reads it. */
export interface IntakeState {
  /** Delay with which heartbeats are recorded; null before the first heartbeat. */
  heartbeatDelaySeconds: number | null
  reportDelaySeconds: number | null
  /** The last gap, until agents have had their full heartbeat limit since it ended. */
  gap: { seconds: number; endedAt: Date; judgedFrom: Date } | null
}

/** Delays above these many seconds are reported; smaller ones are normal under load. */
export const delayToSay = { heartbeats: 5, reports: 10 } as const

/** Returns the cause and the effect of the delay, as a sentence; null when the control plane keeps up. */
export function behindMessage({ heartbeatDelaySeconds, reportDelaySeconds, gap }: IntakeState): string | null {
  const meanwhile = 'no node is declared offline and no replica lost for it'
  if (heartbeatDelaySeconds !== null && heartbeatDelaySeconds > delayToSay.heartbeats)
    return `The control plane is behind: heartbeats are recorded ${Math.round(heartbeatDelaySeconds)} s late; ${meanwhile}.`
  if (reportDelaySeconds !== null && reportDelaySeconds > delayToSay.reports)
    return `The control plane is behind: reports of replicas are recorded ${Math.round(reportDelaySeconds)} s late; ${meanwhile}.`
  if (gap !== null)
    return `The control plane was away: it took no heartbeats for ${Math.round(gap.seconds)} s. Agents have their full time again; ${meanwhile}.`
  return null
}
