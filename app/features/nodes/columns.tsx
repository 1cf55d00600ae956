'use client'

import { CircleAlert } from 'lucide-react'
import { cn } from '@/app/ui/cn'
import { Bar } from '@/app/ui/status/bar'
import { SimulatedMark } from '@/app/ui/status/simulated-mark'
import { nodeStyle, StatusBadge } from '@/app/ui/status/status'
import type { Column } from '@/app/ui/table/column'
import { RowLink } from '@/app/ui/table/row-link'
import { formatPair } from '@/app/ui/text/format'
import { Time } from '@/app/ui/text/time'
import { coresNumber, roundMemoryText, storageText } from '@/core/placement/resources'
import type { NodeView } from '@/core/views/nodes'

function StatusCell({ node }: { node: NodeView }) {
  return (
    <span className="flex min-w-0 items-center gap-2">
      <StatusBadge statusStyle={nodeStyle(node)} title={node.ineligible ?? undefined} />
      {node.engineError && (
        <span className="inline-flex min-w-0 items-center gap-1 text-failed" title={node.engineError}>
          <CircleAlert size={12} aria-label="Cannot run containers" className="shrink-0" />
        </span>
      )}
    </span>
  )
}

interface AmountCellProps {
  name: string
  reserved: number
  capacity: number
  usedPercent: number | null
  format: (amount: number) => string
  /** The width of the numbers, equal in every row so that the bars align. */
  className: string
}

function AmountCell({ name, reserved, capacity, usedPercent, format, className }: AmountCellProps) {
  return (
    <span className="flex items-center gap-2">
      <Bar
        name={name}
        capacity={capacity}
        reserved={reserved}
        usedPercent={usedPercent}
        format={format}
        className="flex-1"
      />
      <span
        className={cn('shrink-0 text-right text-meta whitespace-nowrap text-ink-2 max-xl:hidden', className)}
        aria-hidden
      >
        {formatPair(reserved, capacity, format)}
      </span>
    </span>
  )
}

/** The simulated engine's version is also its name. */
export const engineText = ({ engine, engineVersion }: Pick<NodeView, 'engine' | 'engineVersion'>): string =>
  engineVersion === null || engineVersion === engine ? engine : `${engine} ${engineVersion}`

/** Age of the last heartbeat; hatched grey when the heartbeat is overdue. */
export function Heartbeat({ node }: { node: Pick<NodeView, 'lastHeartbeat' | 'stale'> }) {
  if (!node.lastHeartbeat) return <span className="text-unknown">never</span>
  return <Time at={node.lastHeartbeat} ago={false} className={cn(node.stale ? 'text-unknown' : 'text-ink-2')} />
}

export const nodeColumns: Column<NodeView>[] = [
  {
    id: 'name',
    header: 'Node',
    sort: 'name',
    width: 'clamp(112px, 12vw, 170px)',
    cell: (node) => (
      <span className="flex min-w-0 items-baseline gap-2">
        <RowLink href={`/nodes/${node.id}`}>{node.nodeId}</RowLink>
        {node.simulated && <SimulatedMark short />}
      </span>
    ),
  },
  { id: 'status', header: 'Status', sort: 'status', width: '120px', cell: (node) => <StatusCell node={node} /> },
  { id: 'region', header: 'Region', sort: 'region', width: '108px', from: 'lg', cell: (node) => node.region },
  {
    id: 'heartbeat',
    header: 'Heartbeat',
    sort: 'heartbeat',
    width: '88px',
    align: 'right',
    from: 'sm',
    cell: (node) => <Heartbeat node={node} />,
  },
  {
    id: 'cpu',
    header: 'CPU, cores',
    sort: 'cpu',
    firstOrder: 'desc',
    cell: (node) => (
      <AmountCell
        name="CPU cores"
        reserved={node.reserved.cpuMillis}
        capacity={node.capacity.cpuMillis}
        usedPercent={node.stale ? null : node.cpuUsagePercent}
        format={coresNumber}
        className="w-14"
      />
    ),
  },
  {
    id: 'memory',
    header: 'Memory',
    sort: 'memory',
    firstOrder: 'desc',
    from: 'sm',
    cell: (node) => (
      <AmountCell
        name="Memory"
        reserved={node.reserved.memoryMb}
        capacity={node.capacity.memoryMb}
        usedPercent={node.stale ? null : node.memoryUsagePercent}
        format={roundMemoryText}
        className="w-[5.75rem]"
      />
    ),
  },
  {
    id: 'storage',
    header: 'Storage',
    width: '108px',
    align: 'right',
    from: '2xl',
    cell: ({ reserved, capacity }) => (
      <span className="text-meta text-ink-2" title="Reserved / capacity">
        {formatPair(reserved.storageGb, capacity.storageGb, storageText)}
      </span>
    ),
  },
  {
    id: 'gpu',
    header: 'GPU',
    width: '56px',
    align: 'right',
    from: 'xl',
    cell: ({ reserved, capacity }) =>
      capacity.gpuUnits === 0 ? (
        <span className="text-ink-3">–</span>
      ) : (
        <span className="text-ink-2" title="Reserved / capacity">
          {reserved.gpuUnits}/{capacity.gpuUnits}
        </span>
      ),
  },
  {
    id: 'replicas',
    header: 'Replicas',
    sort: 'replicas',
    firstOrder: 'desc',
    width: '76px',
    align: 'right',
    from: 'lg',
    cell: (node) => node.liveReplicas,
  },
  {
    id: 'version',
    header: 'Agent',
    width: '72px',
    from: '2xl',
    cell: (node) =>
      node.agentVersion === null ? (
        <span className="text-unknown">unknown</span>
      ) : (
        <span className="text-ink-2" title={`Agent version ${node.agentVersion}`}>
          {node.agentVersion}
        </span>
      ),
  },
  {
    id: 'engine',
    header: 'Engine',
    width: '112px',
    from: '2xl',
    cell: (node) => <span className="text-ink-2">{engineText(node)}</span>,
  },
]
