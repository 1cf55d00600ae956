import { Bar, BarLegend } from '@/app/ui/status/bar'
import { formatPair, formatPercent } from '@/app/ui/text/format'
import { coresText, roundMemoryText, storageText } from '@/core/placement/resources'
import type { NodeView } from '@/core/views/nodes'

interface Amount {
  name: string
  reserved: number
  capacity: number
  usedPercent: number | null
  unmeasured?: boolean
  /** The engine does not enforce this limit on containers. */
  unenforced?: boolean
  format: (amount: number) => string
}

export function CapacityBars({ node }: { node: NodeView }) {
  const { capacity, reserved, stale } = node
  const amounts: Amount[] = [
    {
      name: 'CPU',
      reserved: reserved.cpuMillis,
      capacity: capacity.cpuMillis,
      usedPercent: stale ? null : node.cpuUsagePercent,
      format: coresText,
    },
    {
      name: 'Memory',
      reserved: reserved.memoryMb,
      capacity: capacity.memoryMb,
      usedPercent: stale ? null : node.memoryUsagePercent,
      format: roundMemoryText,
    },
    {
      name: 'Storage',
      reserved: reserved.storageGb,
      capacity: capacity.storageGb,
      usedPercent: null,
      unmeasured: true,
      unenforced: true,
      format: storageText,
    },
    ...(capacity.gpuUnits > 0
      ? [
          {
            name: 'GPU',
            reserved: reserved.gpuUnits,
            capacity: capacity.gpuUnits,
            usedPercent: null,
            unmeasured: true,
            format: String,
          },
        ]
      : []),
  ]
  return (
    <div className="max-w-4xl space-y-3">
      {amounts.map((amount) => (
        <div
          key={amount.name}
          className="grid grid-cols-[4.5rem_minmax(0,1fr)] items-center gap-x-3 gap-y-1 sm:grid-cols-[4.5rem_minmax(0,1fr)_15rem] lg:grid-cols-[4.5rem_minmax(0,1fr)_20rem]"
        >
          <span className="font-medium">{amount.name}</span>
          <Bar {...amount} className="h-3" />
          <span className="text-ink-2 max-sm:col-start-2">
            {formatPair(amount.reserved, amount.capacity, amount.format)} reserved
            {amount.unenforced && (
              <span className="text-ink-3" title="The engine does not limit containers to their reserved storage">
                , not enforced on this node
              </span>
            )}
            {!amount.unmeasured && (
              <span className="text-ink-3">
                {', '}
                {amount.usedPercent === null ? 'usage unknown' : `${formatPercent(amount.usedPercent)} in use`}
              </span>
            )}
          </span>
        </div>
      ))}
      <BarLegend />
    </div>
  )
}
