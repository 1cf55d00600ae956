import { Bar } from '@/app/ui/status/bar'
import { stateStyles } from '@/app/ui/status/node-state-styles'
import { StatusBadge } from '@/app/ui/status/status'
import type { Column } from '@/app/ui/table/column'
import { RowLink } from '@/app/ui/table/row-link'
import type { PastNode } from '@/core/insight/history'
import { coresText, roundMemoryText } from '@/core/placement/resources'

export const pastColumns: Column<PastNode>[] = [
  {
    id: 'name',
    header: 'Node',
    width: 'clamp(112px, 16vw, 220px)',
    cell: ({ id, nodeId }) => <RowLink href={`/nodes/${id}`}>{nodeId}</RowLink>,
  },
  {
    id: 'state',
    header: 'State',
    width: '128px',
    cell: ({ state }) => <StatusBadge statusStyle={stateStyles[state]} />,
  },
  { id: 'region', header: 'Region', width: '120px', from: 'md', cell: ({ region }) => region },
  {
    id: 'cpu',
    header: 'CPU',
    from: 'sm',
    cell: (node) => (
      <Bar
        name="CPU"
        capacity={node.cpuMillis}
        reserved={node.reservedCpuMillis}
        usedPercent={node.cpuPercent}
        format={coresText}
      />
    ),
  },
  {
    id: 'memory',
    header: 'Memory',
    from: 'sm',
    cell: (node) => (
      <Bar
        name="Memory"
        capacity={node.memoryMb}
        reserved={node.reservedMemoryMb}
        usedPercent={node.memoryPercent}
        format={roundMemoryText}
      />
    ),
  },
  { id: 'replicas', header: 'Replicas', width: '92px', align: 'right', cell: ({ replicas }) => replicas },
]
