import { StatusIcon } from '@/app/ui/status/status-icon'
import { formatList, plural } from '@/app/ui/text/format'
import { Time } from '@/app/ui/text/time'
import type { Ranking } from '@/core/placement/ranking'

const namedAtMost = 6

interface OutcomeProps {
  ranking: Ranking
  /** Whether the fleet is that of a recorded decision. */
  recorded?: boolean
}

/** Whether the request fits and where it would be placed, in one line. */
export function Outcome({ ranking: { chosen, message, request, takenAt }, recorded = false }: OutcomeProps) {
  const names = [...new Set(chosen.map(({ nodeId }) => nodeId))]
  const more = names.length - namedAtMost
  const shown = more > 0 ? [...names.slice(0, namedAtMost), `${more} more`] : names
  return (
    <div role="status" className="space-y-1">
      {message === null ? (
        <p className="flex items-start gap-2 font-medium">
          <StatusIcon name="running" className="mt-[3px] shrink-0 text-healthy" />
          <span className="min-w-0">
            Fits: {plural(request.replicas, 'replica')} on {formatList(shown)}
          </span>
        </p>
      ) : (
        <p className="flex items-start gap-2 font-medium text-failed">
          <StatusIcon name="failed" className="mt-[3px] shrink-0" />
          <span className="min-w-0">{message}</span>
        </p>
      )}
      <p className="text-meta text-ink-3">
        {recorded ? 'On the fleet at the time of the decision, ' : 'Computed '}
        <Time at={takenAt} />.
      </p>
    </div>
  )
}
