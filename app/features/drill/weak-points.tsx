'use client'

import { useQuery } from '@tanstack/react-query'
import { RotateCcw } from 'lucide-react'
import { useTRPC } from '@/app/trpc'
import { Button } from '@/app/ui/button'
import { Section } from '@/app/ui/layout-parts'
import { QueryView } from '@/app/ui/status/query-view'
import type { Column } from '@/app/ui/table/column'
import { RowLink } from '@/app/ui/table/row-link'
import { Table } from '@/app/ui/table/table'
import { plural } from '@/app/ui/text/format'
import { Time } from '@/app/ui/text/time'
import type { WeakPoint } from '@/core/insight/drill-report'
import { drillHref } from './drill-view'

/** Above this many nodes the computation takes long, so it waits for a click. */
const unaskedUpTo = 500

/** Ranks regions and nodes by the damage if each failed alone. */
export function WeakPoints() {
  const trpc = useTRPC()
  const { data: places } = useQuery(trpc.drill.places.queryOptions())
  const size = places?.regions.reduce((sum, { nodes }) => sum + nodes, 0)
  const query = useQuery({
    ...trpc.drill.weakest.queryOptions(),
    enabled: size !== undefined && size > 0 && size <= unaskedUpTo,
  })
  const { data } = query
  const run = (): void => void query.refetch()
  return (
    <Section
      flush
      title="Weakest points"
      meta={
        data ? (
          <>
            Each failing alone: {places && plural(places.regions.length, 'region')} and the nodes with the most at
            stake. Computed <Time at={data.takenAt} />
          </>
        ) : (
          'Each region and the nodes with the most at stake, failing alone'
        )
      }
      actions={
        data && (
          <Button size="sm" icon={<RotateCcw size={12} aria-hidden />} busy={query.isFetching} onClick={run}>
            Recalculate
          </Button>
        )
      }
    >
      <QueryView
        query={query}
        failed="Could not find the weakest points"
        loading={query.isFetching || size === undefined ? 'Running drills' : <Unasked size={size} onRun={run} />}
      >
        {({ points }) => (
          <Table
            caption="Weakest points, worst first"
            columns={columns}
            rows={points}
            rowKey={({ kind, name }) => `${kind} ${name}`}
            rowHref={({ kind, name }) => drillHref(kind, name)}
            keyboard
          />
        )}
      </QueryView>
    </Section>
  )
}

function Unasked({ size, onRun }: { size: number; onRun: () => void }) {
  if (size === 0) return <p className="px-4 text-ink-2 md:px-6">No nodes yet.</p>
  return (
    <div className="px-4 md:px-6">
      <Button onClick={onRun}>Analyze {size} nodes</Button>
    </div>
  )
}

const count = (value: number, color: string) =>
  value > 0 ? <span className={color}>{value}</span> : <span className="text-ink-3">0</span>

const columns: Column<WeakPoint>[] = [
  {
    id: 'name',
    header: 'If this failed',
    width: 'clamp(148px, 24vw, 300px)',
    cell: ({ kind, name, nodes }) => (
      <span className="flex items-baseline gap-2">
        <RowLink href={drillHref(kind, name)}>{name}</RowLink>
        <span className="truncate text-meta text-ink-3 max-sm:hidden">
          {kind === 'region' ? plural(nodes, 'node') : 'node'}
        </span>
      </span>
    ),
  },
  {
    id: 'no-room',
    header: 'No room',
    align: 'right',
    cell: ({ counts }) => count(counts.byOutcome['no-room'], 'font-medium text-failed'),
  },
  {
    id: 'down',
    header: 'Down',
    align: 'right',
    cell: ({ counts }) => count(counts.down, 'font-medium text-degraded'),
  },
  {
    id: 'fewer',
    header: 'Fewer replicas',
    width: '108px',
    align: 'right',
    from: 'sm',
    cell: ({ counts }) => count(counts.fewer, 'text-ink'),
  },
  {
    id: 'stays',
    header: 'Not moved',
    align: 'right',
    from: 'lg',
    cell: ({ counts: { byOutcome } }) => count(byOutcome.never + byOutcome.held, 'text-ink'),
  },
  {
    id: 'moves',
    header: 'Move',
    align: 'right',
    from: 'sm',
    cell: ({ counts }) => count(counts.byOutcome.moves, 'text-ink'),
  },
  {
    id: 'keeps',
    header: 'Keep running',
    width: '116px',
    align: 'right',
    from: 'lg',
    cell: ({ counts }) => count(counts.byOutcome.keeps, 'text-ink'),
  },
  {
    id: 'protection',
    header: 'Outage protection',
    width: '132px',
    align: 'right',
    from: 'xl',
    cell: ({ guarded }) => <span className="text-ink-2">{guarded ? 'active' : '–'}</span>,
  },
]
