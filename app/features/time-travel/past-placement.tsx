'use client'

import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useTRPC } from '@/app/trpc'
import { Empty, ErrorState, Loading } from '@/app/ui/status/states'
import { deploymentStyles, nodeStyles, replicaStyle, StatusBadge } from '@/app/ui/status/status'
import type { Column } from '@/app/ui/table/column'
import { RowLink } from '@/app/ui/table/row-link'
import { Table } from '@/app/ui/table/table'
import { plural } from '@/app/ui/text/format'
import { momentTime } from '@/app/ui/text/time'
import type { PastReplica } from '@/core/insight/history'
import { isoOf } from './moment'

const columns: Column<PastReplica>[] = [
  {
    id: 'replica',
    header: 'Replica',
    width: 'clamp(72px, 8vw, 110px)',
    cell: ({ slot }) => slot + 1,
  },
  {
    id: 'status',
    header: 'Status',
    cell: ({ status, reason, node }) => (
      <span className="flex min-w-0 items-center gap-2">
        <StatusBadge statusStyle={replicaStyle(status, node)} title={reason} />
        <span className="truncate text-ink-2 max-sm:hidden" title={reason}>
          {reason}
        </span>
      </span>
    ),
  },
  {
    id: 'node',
    header: 'Node',
    width: 'clamp(116px, 22vw, 270px)',
    cell: ({ node }) => (
      <span className="flex min-w-0 items-center gap-2">
        <RowLink href={`/nodes/${node.id}`}>{node.nodeId}</RowLink>
        <span className="truncate text-meta text-ink-3 max-sm:hidden">{node.region}</span>
        {node.offline && <StatusBadge statusStyle={nodeStyles.offline} className="text-meta" />}
      </span>
    ),
  },
  { id: 'revision', header: 'Revision', width: '84px', align: 'right', from: 'md', cell: ({ revision }) => revision },
  {
    id: 'since',
    header: 'Since',
    width: '212px',
    align: 'right',
    from: 'lg',
    cell: ({ since }) => <span className="text-ink-2">{momentTime(Date.parse(since))}</span>,
  },
]

/** The replicas of a deployment at a time in the past, and the desired number. */
export function PastPlacement({ id, at }: { id: string; at: number }) {
  const trpc = useTRPC()
  const query = useQuery({
    ...trpc.history.deploymentAt.queryOptions({ id, at: isoOf(at) }),
    placeholderData: keepPreviousData,
  })
  if (query.isError) return <ErrorState error={query.error} what="Nothing to show for this time" />
  if (!query.data) return <Loading label="Loading placement" />
  const { status, targetReplicas, revision, reason, replicas } = query.data
  return (
    <section aria-label="At this time" data-at={query.data.at} aria-busy={query.isPlaceholderData}>
      <p className="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-3 md:px-6">
        <StatusBadge statusStyle={deploymentStyles[status]} />
        <span>{plural(targetReplicas, 'replica')} desired</span>
        <span>revision {revision}</span>
        <span className="text-ink-2">{reason}</span>
      </p>
      {replicas.length > 0 ? (
        <Table
          caption="Replicas at this time"
          columns={columns}
          rows={replicas}
          rowKey={(row) => row.id}
          question={String(at)}
          outdated={query.isPlaceholderData}
          keyboard
        />
      ) : (
        <Empty title="No replicas at this time" />
      )}
    </section>
  )
}
