'use client'

import { useQuery } from '@tanstack/react-query'
import { reasonsText } from '@/app/features/nodes/drain-preview'
import { useTRPC } from '@/app/trpc'
import { Section } from '@/app/ui/layout-parts'
import { QueryView } from '@/app/ui/status/query-view'
import { StatusBadge, type StatusColor } from '@/app/ui/status/status'
import type { IconName } from '@/app/ui/status/status-icon'
import type { Column } from '@/app/ui/table/column'
import { RowLink } from '@/app/ui/table/row-link'
import { Table } from '@/app/ui/table/table'
import { plural } from '@/app/ui/text/format'
import { isBlocked, type LeavingState } from '@/core/nodes/drain'
import type { LeavingView, NodeView } from '@/core/views/nodes'

const statusStyles: Record<LeavingState, { label: string; icon: IconName; color: StatusColor; explanation: string }> = {
  moving: { label: 'Moving', icon: 'starting', color: 'progressing', explanation: 'Its replacement is starting.' },
  stopping: { label: 'Stopping', icon: 'stopping', color: 'slate', explanation: 'Its container is being stopped.' },
  queued: { label: 'Queued', icon: 'waiting', color: 'quiet', explanation: 'Moves after others of its deployment.' },
  retrying: { label: 'Retrying', icon: 'waiting', color: 'degraded', explanation: 'Its replacement failed.' },
  'no-room': { label: 'No room', icon: 'partial', color: 'degraded', explanation: 'No other node is eligible now.' },
  held: { label: 'Stuck', icon: 'failed', color: 'failed', explanation: 'It needs a manual fix.' },
}

const columns: Column<LeavingView>[] = [
  {
    id: 'deployment',
    header: 'Deployment',
    width: 'clamp(120px, 22vw, 320px)',
    cell: ({ deploymentId, deploymentName, slot }) => (
      <span className="flex min-w-0 items-baseline gap-2">
        <RowLink href={`/deployments/${deploymentId}`} className="truncate">
          {deploymentName}
        </RowLink>
        <span className="text-meta whitespace-nowrap text-ink-3 max-sm:hidden">replica {slot + 1}</span>
      </span>
    ),
  },
  {
    id: 'state',
    header: 'Move',
    width: '104px',
    from: 'sm',
    cell: ({ state }) => <StatusBadge statusStyle={statusStyles[state]} />,
  },
  {
    id: 'why',
    header: 'Waiting for',
    whole: true,
    cell: ({ text, reasons, deploymentId, decisionId }) => (
      <span className="block py-1.5 whitespace-normal text-ink-2">
        {text}
        {reasons.length > 0 && `. ${reasonsText(reasons)}`}
        {decisionId && (
          <>
            {' '}
            <RowLink href={`/deployments/${deploymentId}?tab=decision&decision=${decisionId}`}>View decision</RowLink>
          </>
        )}
      </span>
    ),
  },
]

/** What is left on a node during a drain, and what blocks it. */
export function DrainProgress({ node }: { node: NodeView }) {
  const trpc = useTRPC()
  const query = useQuery({ ...trpc.node.drainProgress.queryOptions({ id: node.id }), enabled: node.draining })
  const rows = query.data
  if (!node.draining || node.status === 'maintenance') return null
  return (
    <Section
      flush={rows !== undefined && rows.length > 0}
      title="Drain"
      meta={rows && leftText(rows, node.maintenanceWhenDrained)}
    >
      <QueryView query={query} failed="Could not load the drain" loading="Loading drain">
        {(leaving) =>
          leaving.length === 0 ? (
            <p className="text-ink-2">You can switch the node off or remove it from the fleet.</p>
          ) : (
            <Table caption="Replicas leaving this node" columns={columns} rows={leaving} rowKey={(row) => row.id} />
          )
        }
      </QueryView>
    </Section>
  )
}

function leftText(rows: readonly LeavingView[], maintenanceWhenDrained: boolean): string {
  if (rows.length === 0) return 'Drained. Nothing runs here.'
  const after = maintenanceWhenDrained ? ', then maintenance starts' : ''
  const blocked = rows.filter(({ state }) => isBlocked(state)).length
  return blocked === 0
    ? `${plural(rows.length, 'replica')} left${after}.`
    : `${plural(rows.length, 'replica')} to go${after}. ${blocked} can't move now; the drain continues when they can.`
}
