/** How the control plane says that it is behind with what agents send, so that nobody takes its delay for a failure of nodes. */

/** How far behind the control plane is; server/store/nodes/report-intake.ts reads it. */
export interface IntakeState {
  /** By how much heartbeats are recorded late; null before any server ever took one. */
  heartbeatDelaySeconds: number | null
  reportDelaySeconds: number | null
  /** The last gap of which agents have not had their full limit since. */
  gap: { seconds: number; endedAt: Date; judgedFrom: Date } | null
}

/** A delay above this is said; below it is what a busy moment costs. Seconds. */
export const delayToSay = { heartbeats: 5, reports: 10 } as const

/** What holds it up and what that means, as a sentence; null when it keeps up. */
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
