'use client'

import { useQuery } from '@tanstack/react-query'
import { ArrowRight } from 'lucide-react'
import { useTRPC } from '@/app/trpc'
import { Empty, ErrorState, Loading } from '@/app/ui/status/states'
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
  if (query.isError && !query.data)
    return <ErrorState error={query.error} what="Could not load the history" onRetry={() => void query.refetch()} />
  if (!query.data) return <Loading label="Loading history" />
  const changes = [...query.data.deployment].reverse()
  if (changes.length === 0) return <Empty title="No status changes yet" />
  return <Table caption="Status changes, newest first" columns={columns} rows={changes} rowKey={(row) => row.id} />
}
