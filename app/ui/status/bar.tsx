import { cn } from '@/app/ui/cn'
import { formatPair, formatPercent } from '@/app/ui/text/format'
import { capacityShares } from './capacity'

interface BarProps {
  /** "CPU", "Memory" */
  name: string
  capacity: number
  reserved: number
  /** Null when unmeasured or outdated. */
  usedPercent: number | null
  /** Whether this resource is never measured (storage, GPUs): then there is no hatching. */
  unmeasured?: boolean
  format: (amount: number) => string
  className?: string
}

/** One resource of a node: the outline is reserved, the fill is in use. */
export function Bar({ name, capacity, reserved, usedPercent, unmeasured = false, format, className }: BarProps) {
  const shares = capacityShares(capacity, reserved, usedPercent)
  const usage = unmeasured ? '' : shares.used === null ? ', usage unknown' : `, ${formatPercent(shares.used)} in use`
  const text = `${name}: ${formatPair(reserved, capacity, format)} reserved${usage}`
  return (
    <div
      className={cn('relative h-2.5 w-full overflow-hidden rounded-[2px] bg-track', className)}
      role="img"
      aria-label={text}
      title={text}
    >
      {shares.used === null ? (
        !unmeasured && <div className="hatched absolute inset-0" />
      ) : (
        <div className="absolute inset-y-0 left-0 bg-accent-mid" style={{ width: `${shares.used}%` }} />
      )}
      {shares.reserved > 0 && (
        <div
          className={cn(
            'absolute inset-y-0 left-0 rounded-[2px] border-[1.5px] border-ink-2',
            unmeasured && 'bg-ink-3/25',
          )}
          style={{ width: `max(3px, ${shares.reserved}%)` }}
        />
      )}
    </div>
  )
}

/** The legend of the bars; once per page. */
export function BarLegend() {
  return (
    <ul className="flex flex-wrap items-center gap-x-4 gap-y-1 text-meta text-ink-3">
      <li className="flex items-center gap-1.5">
        <span className="h-2.5 w-4 rounded-[2px] border-[1.5px] border-ink-2" aria-hidden /> reserved
      </li>
      <li className="flex items-center gap-1.5">
        <span className="h-2.5 w-4 rounded-[2px] bg-accent-mid" aria-hidden /> in use
      </li>
      <li className="flex items-center gap-1.5">
        <span className="hatched h-2.5 w-4 rounded-[2px] bg-track" aria-hidden /> usage unknown
      </li>
    </ul>
  )
}
