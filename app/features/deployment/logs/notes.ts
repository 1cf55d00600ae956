import type { KnownLog } from '@/app/features/logs/use-logs'
import { isLive } from '@/core/deployments/status'
import type { ReplicaView } from '@/core/views/deployments'

export interface LogNote {
  replicaId: string
  color: 'unknown' | 'failed' | 'quiet'
  text: string
}

/** A note about the log of a replica; null while lines arrive normally. */
export function noteOf(
  replica: ReplicaView,
  { log, title, clock }: { log: KnownLog | undefined; title: string; clock: (at: string) => string },
): LogNote | null {
  const { node, status } = replica
  const lastAt = log?.newest ?? null
  const who = `Replica ${title} on ${node.nodeId}`
  const note = (color: LogNote['color'], text: string): LogNote => ({ replicaId: replica.id, color, text })
  const last = lastAt === null ? 'no log was kept' : `the last log line is from ${clock(lastAt)}`
  if (node.status === 'offline') {
    const since = node.lastHeartbeat === null ? '' : ` since ${clock(node.lastHeartbeat)}`
    return note('unknown', `${node.nodeId} has been offline${since}; ${last}.`)
  }
  if (log?.state === 'unavailable') return note('failed', `${who}: cannot read its log: ${log.message}`)
  if (!isLive(status) && status !== 'stopping') {
    const how = status === 'failed' && replica.reason ? `failed: ${replica.reason}` : status
    return note(
      status === 'failed' ? 'failed' : 'quiet',
      `${who} ${how}${lastAt === null ? `; ${last}` : ''}.`.replace('..', '.'),
    )
  }
  if (lastAt !== null) return null
  if (status === 'pending' || status === 'starting') return note('quiet', `${who} has not started yet.`)
  if (!log?.state) return note('quiet', `Waiting for ${node.nodeId} to send the log of replica ${title}.`)
  return note('quiet', `${who} has not logged anything yet.`)
}
