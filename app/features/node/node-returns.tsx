'use client'

import { useQuery } from '@tanstack/react-query'
import { useTRPC } from '@/app/trpc'
import { Section } from '@/app/ui/layout-parts'
import { QueryView } from '@/app/ui/status/query-view'
import { StatusBadge, type StatusStyle } from '@/app/ui/status/status'
import type { Column } from '@/app/ui/table/column'
import { RowLink } from '@/app/ui/table/row-link'
import { Table } from '@/app/ui/table/table'
import { ExactTime } from '@/app/ui/text/time'
import type { ReturnOutcome, ReturnPlan } from '@/core/nodes/return'
import type { ReturnedReplicaView } from '@/core/views/node-loss'

const outcomeStyles: Record<ReturnOutcome, StatusStyle> = {
  kept: {
    label: 'Kept',
    icon: 'running',
    color: 'healthy',
    explanation: 'Its container was still running and was adopted.',
  },
  stopped: { label: 'Stopped', icon: 'stopped', color: 'quiet', explanation: 'Its container was stopped and removed.' },
  updated: { label: 'Updated', icon: 'arrow', color: 'progressing', explanation: 'A newer attempt replaced it.' },
  failed: {
    label: 'Failed',
    icon: 'failed',
    color: 'failed',
    explanation: 'It had exited while the node was offline.',
  },
}

/** What will happen, or is happening. */
const planStyles: Record<ReturnPlan, StatusStyle> = {
  keep: {
    label: 'Keep',
    icon: 'waiting',
    color: 'unknown',
    explanation: 'Its container is adopted if it still runs.',
  },
  stop: { label: 'Stop', icon: 'stopping', color: 'unknown', explanation: 'Its container is stopped and removed.' },
  update: { label: 'Update', icon: 'arrow', color: 'unknown', explanation: 'A newer attempt has replaced it.' },
}

const columns: Column<ReturnedReplicaView>[] = [
  {
    id: 'deployment',
    header: 'Deployment',
    width: 'clamp(150px, 28vw, 420px)',
    cell: (row) => (
      <span className="flex min-w-0 items-baseline gap-2">
        <RowLink href={`/deployments/${row.deploymentId}`} className="truncate">
          {row.deploymentName}
        </RowLink>
        <span className="text-meta whitespace-nowrap text-ink-3 max-sm:hidden">
          replica {row.slot + 1}, generation {row.generation}
        </span>
      </span>
    ),
  },
  {
    id: 'what',
    header: 'Action',
    width: '110px',
    cell: ({ plan, outcome }) => <StatusBadge statusStyle={outcome ? outcomeStyles[outcome] : planStyles[plan]} />,
  },
  {
    id: 'why',
    header: 'Reason',
    // Never truncated: the reason is the point of this report.
    cell: ({ why }) => <span className="block py-1 whitespace-normal text-ink-2">{why}</span>,
  },
]

/**
 * What happened at the node's returns and, while the node is offline, what would happen at its next one. Renders
 * nothing for a node that was never offline.
 */
export function NodeReturns({ id }: { id: string }) {
  const trpc = useTRPC()
  const query = useQuery(trpc.node.returns.queryOptions({ id }))
  return (
    <QueryView query={query} failed="Could not load the returns of the node" loading={null}>
      {({ awaited, returns }) => (
        <>
          {awaited && (
            <Section
              flush={awaited.length > 0}
              title="When it returns"
              meta="If it returned now. Its containers keep running as long as the machine does."
            >
              <Replicas rows={awaited} caption="Effect of its return" />
            </Section>
          )}
          {returns.map(({ id: key, offlineSince, returnedAt, replicas }) => (
            <Section
              key={key}
              flush={replicas.length > 0}
              title="Returned"
              meta={
                <>
                  <ExactTime at={returnedAt} />, offline since <ExactTime at={offlineSince} />
                </>
              }
            >
              <Replicas rows={replicas} caption={`Effect of its return at ${returnedAt}`} />
            </Section>
          ))}
        </>
      )}
    </QueryView>
  )
}

function Replicas({ rows, caption }: { rows: ReturnedReplicaView[]; caption: string }) {
  if (rows.length === 0) return <p className="text-ink-2">It had no replicas.</p>
  return <Table caption={caption} columns={columns} rows={rows} rowKey={(row) => row.replicaId} />
}
