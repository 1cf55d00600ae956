import { useMemo } from 'react'
import { replicaStyle, StatusBadge } from '@/app/ui/status/status'
import type { Column } from '@/app/ui/table/column'
import { RowLink } from '@/app/ui/table/row-link'
import { Table } from '@/app/ui/table/table'
import { Time } from '@/app/ui/text/time'
import { coresText, memoryText } from '@/core/placement/resources'
import type { NodeReplicaView } from '@/core/views/nodes'

const columnsOf = (offline: boolean): Column<NodeReplicaView>[] => [
  {
    id: 'deployment',
    header: 'Deployment',
    width: 'clamp(170px, 28vw, 420px)',
    cell: (row) => (
      <span className="flex min-w-0 items-baseline gap-2">
        <RowLink href={`/deployments/${row.deploymentId}`} className="truncate">
          {row.deploymentName}
        </RowLink>
        <span className="text-meta whitespace-nowrap text-ink-3">replica {row.slot + 1}</span>
      </span>
    ),
  },
  {
    id: 'status',
    header: 'Status',
    cell: (row) => (
      <span className="flex min-w-0 items-center gap-2">
        <StatusBadge statusStyle={replicaStyle(row.status, { offline })} title={row.reason ?? undefined} />
        {row.status !== 'running' && (
          <span className="truncate text-ink-2 max-sm:hidden" title={row.reason ?? undefined}>
            {row.reason}
          </span>
        )}
      </span>
    ),
  },
  {
    id: 'holds',
    header: 'Reserved',
    width: '150px',
    from: 'md',
    cell: ({ reserved, resources }) =>
      reserved ? (
        `${coresText(resources.cpuMillis)}, ${memoryText(resources.memoryMb)}`
      ) : (
        <span className="text-ink-3">–</span>
      ),
  },
  {
    id: 'started',
    header: 'Started',
    width: '112px',
    align: 'right',
    from: 'sm',
    cell: ({ startedAt }) => (startedAt ? <Time at={startedAt} className="text-ink-2" /> : '–'),
  },
]

interface NodeReplicasProps {
  replicas: NodeReplicaView[]
  /** Whether replicas on an offline node still run is unknown. */
  offline: boolean
}

export function NodeReplicas({ replicas, offline }: NodeReplicasProps) {
  const columns = useMemo(() => columnsOf(offline), [offline])
  if (replicas.length === 0) return <p className="px-4 text-ink-2 md:px-6">Nothing has been placed here yet.</p>
  return (
    <Table
      caption="Replicas on this node"
      columns={columns}
      rows={replicas}
      rowKey={(row) => row.id}
      rowHref={(row) => `/deployments/${row.deploymentId}`}
      keyboard
    />
  )
}
