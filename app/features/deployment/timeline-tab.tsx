'use client'

import { useQuery } from '@tanstack/react-query'
import { parseAsStringLiteral, useQueryState } from 'nuqs'
import type { Moment } from '@/app/features/time-travel/moment'
import { PastPlacement } from '@/app/features/time-travel/past-placement'
import { Timeline, TimelineLegend } from '@/app/features/timeline/timeline'
import { useTRPC } from '@/app/trpc'
import { QueryView } from '@/app/ui/status/query-view'
import { FilterTabs } from '@/app/ui/table/filter-tabs'
import type { DeploymentDetail } from '@/core/views/deployments'
import { logHref } from './logs/sources'

export function TimelineTab({ deployment, moment }: { deployment: DeploymentDetail; moment: Moment }) {
  const trpc = useTRPC()
  const [view, setView] = useQueryState('view', parseAsStringLiteral(['chart', 'table'] as const).withDefault('chart'))
  const query = useQuery(trpc.deployment.timeline.queryOptions({ id: deployment.id }))
  return (
    <QueryView query={query} failed="Could not load the timeline" loading="Loading timeline">
      {(timeline) => (
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
              timeline={timeline}
              status={deployment.status}
              targetReplicas={deployment.targetReplicas}
              asTable={view === 'table'}
              logHref={(attempt, at) => logHref(deployment.id, attempt, at)}
            />
          </div>
          {moment.at !== null && <PastPlacement id={deployment.id} at={moment.at} />}
        </>
      )}
    </QueryView>
  )
}
