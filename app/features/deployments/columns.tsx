import { cn } from '@/app/ui/cn'
import { deploymentStyle, healthStyles, StatusBadge } from '@/app/ui/status/status'
import type { Column } from '@/app/ui/table/column'
import { RowLink } from '@/app/ui/table/row-link'
import { Time } from '@/app/ui/text/time'
import type { DeploymentSummary } from '@/core/views/deployments'

/** Statuses whose reason is shown in the table. */
const explained: readonly DeploymentSummary['status'][] = ['failed', 'pending']

/** Narrow windows have no health column: a bad health then replaces the status "Running". */
const isUnwell = ({ status, health }: DeploymentSummary): boolean =>
  status === 'running' && (health === 'degraded' || health === 'unhealthy' || health === 'unknown')

function StatusCell({ row }: { row: DeploymentSummary }) {
  const unwell = isUnwell(row)
  return (
    <span className="flex min-w-0 items-center gap-2">
      {unwell && <StatusBadge statusStyle={healthStyles[row.health]} className="lg:hidden" />}
      <StatusBadge
        statusStyle={deploymentStyle(row)}
        title={row.reason || undefined}
        {...(unwell && { className: 'max-lg:hidden' })}
      />
      {explained.includes(row.status) && row.reason && (
        <span className="truncate text-ink-2 max-sm:hidden" title={row.reason}>
          {row.reason}
        </span>
      )}
    </span>
  )
}

/** Two in one region, three in another: "us-east 2, eu-west 3". */
function RegionsCell({ row }: { row: DeploymentSummary }) {
  if (row.placedRegions.length === 0)
    return <span className="text-ink-3">{row.region ? `prefers ${row.region}` : '–'}</span>
  const text = row.placedRegions.map(({ region, count }) => `${region} ${count}`).join(', ')
  return <span title={text}>{text}</span>
}

export function ReplicaCount({ running, target }: { running: number; target: number }) {
  return (
    <span className="whitespace-nowrap">
      <span className={cn('font-medium', running < target && 'text-ink-2')}>{running}</span>
      <span className="text-ink-3">/{target}</span>
    </span>
  )
}

export const deploymentColumns: Column<DeploymentSummary>[] = [
  {
    id: 'name',
    header: 'Name',
    sort: 'name',
    width: 'max(clamp(150px, 44vw, 184px), min(13vw, 240px))',
    cell: (row) => (
      <span className="block max-sm:py-1.5">
        <RowLink href={`/deployments/${row.id}`}>{row.name}</RowLink>
        <span className="block truncate text-meta text-ink-2 sm:hidden">
          {explained.includes(row.status) && row.reason ? row.reason : row.image}
        </span>
      </span>
    ),
  },
  { id: 'status', header: 'Status', sort: 'status', cell: (row) => <StatusCell row={row} /> },
  {
    id: 'health',
    header: 'Health',
    width: '116px',
    from: 'lg',
    cell: (row) => <StatusBadge statusStyle={healthStyles[row.health]} />,
  },
  {
    id: 'replicas',
    header: 'Replicas',
    width: '80px',
    align: 'right',
    cell: (row) => <ReplicaCount running={row.runningReplicas} target={row.targetReplicas} />,
  },
  {
    id: 'regions',
    header: 'Regions',
    width: 'clamp(132px, 19%, 340px)',
    from: 'md',
    cell: (row) => <RegionsCell row={row} />,
  },
  {
    id: 'image',
    header: 'Image',
    width: '15%',
    from: 'xl',
    cell: (row) => (
      <span className="font-mono text-meta text-ink-2" title={row.image}>
        {row.image}
      </span>
    ),
  },
  { id: 'owner', header: 'Owner', width: '88px', from: 'xl', cell: (row) => row.owner.username },
  {
    id: 'age',
    header: 'Age',
    sort: 'created_at',
    firstOrder: 'desc',
    width: '88px',
    align: 'right',
    from: 'sm',
    cell: (row) => <Time at={row.createdAt} ago={false} className="text-ink-2" />,
  },
]
