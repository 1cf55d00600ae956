'use client'

import { useQuery } from '@tanstack/react-query'
import { ArrowRight } from 'lucide-react'
import { useTRPC } from '@/app/trpc'
import { QueryView } from '@/app/ui/status/query-view'
import { Empty } from '@/app/ui/status/states'
import { deploymentStyleOf, StatusBadge } from '@/app/ui/status/status'
import type { Column } from '@/app/ui/table/column'
import { Table } from '@/app/ui/table/table'
import { ExactTime, Time } from '@/app/ui/text/time'
import type { DeploymentDetail, StatusChange } from '@/core/views/deployments'

const columns: Column<StatusChange>[] = [
  {
    id: 'when',
    header: 'Time',
    width: '30%',
    cell: ({ changedAt }) => (
      <span className="flex items-baseline gap-2">
        <Time at={changedAt} />
        <ExactTime at={changedAt} className="truncate text-meta text-ink-3 max-md:hidden" />
      </span>
    ),
  },
  {
    id: 'change',
    header: 'Change',
    width: 'clamp(116px, 26vw, 250px)',
    cell: ({ oldStatus, newStatus }) => (
      <span className="flex items-center gap-2">
        <span className="flex items-center gap-2 text-ink-3 max-sm:hidden">
          {oldStatus === 'none' ? 'New' : deploymentStyleOf(oldStatus).label}
          <ArrowRight size={12} aria-label="to" />
        </span>
        <StatusBadge statusStyle={deploymentStyleOf(newStatus)} />
      </span>
    ),
  },
  { id: 'who', header: 'Actor', width: '110px', from: 'md', cell: ({ changedBy }) => changedBy },
  {
    id: 'why',
    header: 'Reason',
    cell: ({ reason, changedBy }) => (
      <span className="text-ink-2" title={`${reason} (by ${changedBy})`}>
        {reason}
      </span>
    ),
  },
]

export function HistoryTab({ deployment }: { deployment: DeploymentDetail }) {
  const trpc = useTRPC()
  const query = useQuery(trpc.deployment.timeline.queryOptions({ id: deployment.id }))
  return (
    <QueryView query={query} failed="Could not load the history" loading="Loading history">
      {({ deployment: changes }) =>
        changes.length === 0 ? (
          <Empty title="No status changes yet" />
        ) : (
          <Table
            caption="Status changes, newest first"
            columns={columns}
            rows={[...changes].reverse()}
            rowKey={(row) => row.id}
          />
        )
      }
    </QueryView>
  )
}
