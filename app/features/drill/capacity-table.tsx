'use client'

import { Bar } from '@/app/ui/status/bar'
import type { Column } from '@/app/ui/table/column'
import { Table } from '@/app/ui/table/table'
import { formatPair } from '@/app/ui/text/format'
import type { DrillCapacity } from '@/core/insight/drill-report'
import { coresText, type Resources, roundMemoryText } from '@/core/placement/resources'

type Amount = 'cpuMillis' | 'memoryMb'

const sideText = (
  { capacity, reserved }: { capacity: Resources; reserved: Resources },
  amount: Amount,
  format: (amount: number) => string,
): string => (capacity[amount] === 0 ? 'none left' : formatPair(reserved[amount], capacity[amount], format))

function amountColumns(name: string, amount: Amount, format: (amount: number) => string): Column<DrillCapacity>[] {
  return [
    {
      id: amount,
      header: name,
      cell: ({ after }) => (
        <Bar
          name={`${name} after`}
          capacity={after.capacity[amount]}
          reserved={after.reserved[amount]}
          usedPercent={null}
          unmeasured
          format={format}
        />
      ),
    },
    {
      id: `${amount}-text`,
      header: 'reserved, now → after',
      width: '230px',
      from: 'lg',
      cell: ({ before, after }) => {
        const [now, then] = [sideText(before, amount, format), sideText(after, amount, format)]
        return (
          <span className={now === then ? 'text-ink-3' : 'text-ink'}>{now === then ? now : `${now} → ${then}`}</span>
        )
      },
    },
  ]
}

const columns: Column<DrillCapacity>[] = [
  {
    id: 'region',
    header: 'Region',
    width: 'clamp(96px, 18vw, 200px)',
    cell: ({ region }) => <span className="font-medium">{region}</span>,
  },
  {
    id: 'nodes',
    header: 'Nodes',
    width: '92px',
    align: 'right',
    cell: ({ before, after }) =>
      before.nodes === after.nodes ? (
        before.nodes
      ) : (
        <span className="text-degraded">
          {before.nodes} → {after.nodes}
        </span>
      ),
  },
  ...amountColumns('CPU', 'cpuMillis', coresText),
  ...amountColumns('Memory', 'memoryMb', roundMemoryText),
]

/** The capacity left in each region, and how much of it would be reserved. */
export function CapacityTable({ capacity }: { capacity: DrillCapacity[] }) {
  return (
    <Table
      caption="Capacity by region, now and after"
      columns={columns}
      rows={capacity}
      rowKey={({ region }) => region}
    />
  )
}
