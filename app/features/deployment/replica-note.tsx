'use client'

import { useNow } from '@/app/ui/text/clock'
import { formatDuration } from '@/app/ui/text/format'
import { Time } from '@/app/ui/text/time'
import type { ReplicaView } from '@/core/views/deployments'
import { originOf, successorText } from './attempts'
import { restartsText } from './replica-state'

/** Details beside the status of a replica: the reason, its restarts and its health check. */
export function ReplicaNote({ row, replicas }: { row: ReplicaView; replicas: readonly ReplicaView[] }) {
  const { status, health, wanted, reason, restarts, unhealthySince, checkOutput } = row
  const count = restartsText(row)
  const unhealthy = status === 'running' && health === 'unhealthy'
  const lastEnd = status === 'running' && !unhealthy && count !== null ? restarts.lastEnd : null
  return (
    <span className="truncate text-ink-2 max-sm:hidden" title={lastEnd?.reason ?? reason ?? undefined}>
      {count}
      {restarts.nextAt !== null && (
        <>
          {count === null ? 'restarts ' : ', next '}
          <NextRestart at={restarts.nextAt} />
        </>
      )}
      {(count !== null || restarts.nextAt !== null) && (status !== 'running' || unhealthy || lastEnd) && ' · '}
      {status !== 'running' && ((status === 'stopped' && wanted === 'stop' && successorText(row, replicas)) || reason)}
      {status === 'running' && wanted === 'run' && !unhealthy && count === null && originOf(row, replicas).text}
      {unhealthy && (
        <>
          health check fails
          {unhealthySince !== null && (
            <>
              {' for '}
              <Time at={unhealthySince} ago={false} />
            </>
          )}
          {checkOutput !== null && `: ${checkOutput}`}
        </>
      )}
      {lastEnd && (
        <>
          last exit <Time at={lastEnd.at} />: {lastEnd.reason}
        </>
      )}
      {status === 'running' && wanted === 'stop' && ' stopping'}
    </span>
  )
}

/** "in 2 min 10 s" */
function NextRestart({ at }: { at: string }) {
  const now = useNow()
  if (now === null) return null
  const inMs = Date.parse(at) - now
  return (
    <time dateTime={at} className="whitespace-nowrap">
      {inMs < 1_000 ? 'now' : `in ${formatDuration(inMs)}`}
    </time>
  )
}
