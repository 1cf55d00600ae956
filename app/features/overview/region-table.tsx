import Link from 'next/link'
import { drillHref } from '@/app/features/drill/drill-view'
import { Bar } from '@/app/ui/status/bar'
import type { Column } from '@/app/ui/table/column'
import { Table } from '@/app/ui/table/table'
import { formatPair } from '@/app/ui/text/format'
import type { RegionUse } from '@/core/insight/overview'
import { coresText, roundMemoryText } from '@/core/placement/resources'

const columns: Column<RegionUse>[] = [
  {
    id: 'region',
    header: 'Region',
    width: 'clamp(96px, 20vw, 220px)',
    cell: ({ region }) => (
      <Link
        href={`/nodes?region=${encodeURIComponent(region)}`}
        prefetch={false}
        data-row-link
        className="inline-block max-w-full truncate rounded-mark align-middle font-medium text-ink focus-visible:-outline-offset-1"
      >
        {region}
      </Link>
    ),
  },
  {
    id: 'nodes',
    header: 'Nodes',
    width: '84px',
    align: 'right',
    cell: ({ nodes, offline }) => (
      <span title={offline > 0 ? `${offline} offline` : undefined}>
        {offline > 0 && <span className="text-unknown">{nodes - offline}/</span>}
        {nodes}
      </span>
    ),
  },
  {
    id: 'cpu',
    header: 'CPU',
    cell: (row) => (
      <Bar
        name="CPU"
        capacity={row.cpuMillis}
        reserved={row.reservedCpuMillis}
        usedPercent={row.cpuUsagePercent}
        format={coresText}
      />
    ),
  },
  {
    id: 'cpu-text',
    header: 'reserved',
    width: '130px',
    from: 'lg',
    cell: (row) => <span className="text-ink-2">{formatPair(row.reservedCpuMillis, row.cpuMillis, coresText)}</span>,
  },
  {
    id: 'memory',
    header: 'Memory',
    cell: (row) => (
      <Bar
        name="Memory"
        capacity={row.memoryMb}
        reserved={row.reservedMemoryMb}
        usedPercent={row.memoryUsagePercent}
        format={roundMemoryText}
      />
    ),
  },
  {
    id: 'memory-text',
    header: 'reserved',
    width: '120px',
    from: 'lg',
    cell: (row) => (
      <span className="text-ink-2">{formatPair(row.reservedMemoryMb, row.memoryMb, roundMemoryText)}</span>
    ),
  },
  {
    id: 'gpus',
    header: 'GPUs',
    width: '84px',
    align: 'right',
    from: 'sm',
    cell: ({ gpus, reservedGpus }) => (gpus > 0 ? `${reservedGpus} / ${gpus}` : <span className="text-ink-3">–</span>),
  },
  {
    id: 'drill',
    header: 'If it failed',
    width: '92px',
    from: 'md',
    cell: ({ region }) => (
      <Link
        href={drillHref('region', region)}
        prefetch={false}
        aria-label={`Drill: what if ${region} failed?`}
        className="underline decoration-control underline-offset-2 hover:decoration-ink"
      >
        Drill
      </Link>
    ),
  },
]

/** Each row links to the nodes of its region. */
export function RegionTable({ regions }: { regions: RegionUse[] }) {
  return (
    <Table
      caption="Capacity by region"
      columns={columns}
      rows={regions}
      rowKey={({ region }) => region}
      rowHref={({ region }) => `/nodes?region=${encodeURIComponent(region)}`}
      keyboard
    />
  )
}
