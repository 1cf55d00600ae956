'use client'

import { useQuery } from '@tanstack/react-query'
import { parseAsStringLiteral, useQueryState } from 'nuqs'
import type { Moment } from '@/app/features/time-travel/moment'
import { PastPlacement } from '@/app/features/time-travel/past-placement'
import { Timeline, TimelineLegend } from '@/app/features/timeline/timeline'
import { useTRPC } from '@/app/trpc'
import { ErrorState, Loading } from '@/app/ui/status/states'
import { FilterTabs } from '@/app/ui/table/filter-tabs'
import type { DeploymentDetail } from '@/core/views/deployments'
import { logHref } from './logs/sources'

export function TimelineTab({ deployment, moment }: { deployment: DeploymentDetail; moment: Moment }) {
  const trpc = useTRPC()
  const [view, setView] = useQueryState('view', parseAsStringLiteral(['chart', 'table'] as const).withDefault('chart'))
  const query = useQuery(trpc.deployment.timeline.queryOptions({ id: deployment.id }))
  if (query.isError && !query.data)
    return <ErrorState error={query.error} what="Could not load the timeline" onRetry={() => void query.refetch()} />
  if (!query.data) return <Loading label="Loading timeline" />
  return (
    <>
      <div className="px-4 py-4 md:px-6">
        <div className="mb-3 flex flex-wrap items-center justify-between gap-x-6 gap-y-2">
          <FilterTabs
            label="Show as"
            value={view}
            onChange={(next) => void setView(next)}
            options={[
              { value: 'chart', label: 'Chart' },
              { value: 'table', label: 'Table' },
            ]}
          />
          {view === 'chart' && <TimelineLegend />}
        </div>
        <Timeline
          id={deployment.id}
          moment={moment}
          timeline={query.data}
          status={deployment.status}
          targetReplicas={deployment.targetReplicas}
          asTable={view === 'table'}
          logHref={(attempt, at) => logHref(deployment.id, attempt, at)}
        />
      </div>
      {moment.at !== null && <PastPlacement id={deployment.id} at={moment.at} />}
    </>
  )
}
