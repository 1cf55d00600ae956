'use client'

import { useQuery } from '@tanstack/react-query'
import { parseAsStringLiteral, useQueryStates } from 'nuqs'
import { useTRPC } from '@/app/trpc'
import { ButtonLink } from '@/app/ui/button'
import { PageHeader } from '@/app/ui/layout-parts'
import { QueryView } from '@/app/ui/status/query-view'
import { Empty } from '@/app/ui/status/states'
import { FilterTabs } from '@/app/ui/table/filter-tabs'
import { deadLetterKinds } from '@/core/queue/dead-letters'
import { QueueTable } from './queue-table'
import { deadLetterStyles } from './status-styles'

const filters = ['all', ...deadLetterKinds] as const
const parameters = { kind: parseAsStringLiteral(filters).withDefault('all') }

export function QueuePage() {
  const trpc = useTRPC()
  const [view, setView] = useQueryStates(parameters)
  const query = useQuery(trpc.queue.list.queryOptions())
  const { data } = query
  const shown = data?.items.filter(({ kind }) => view.kind === 'all' || kind === view.kind) ?? []
  const total = data && Object.values(data.counts).reduce((sum, count) => sum + count, 0)

  return (
    <>
      <PageHeader title="Scheduling queue" />
      <div className="border-t border-line px-4 py-2 md:px-6">
        <FilterTabs
          label="Kind"
          value={view.kind}
          onChange={(kind) => void setView({ kind }, { history: 'push' })}
          counting={query.isPending}
          options={filters.map((kind) => ({
            value: kind,
            label: kind === 'all' ? 'All' : deadLetterStyles[kind].label,
            count: kind === 'all' ? total : data?.counts[kind],
          }))}
        />
      </div>
      <QueryView query={query} failed="Could not load the scheduling queue" loading="Loading the scheduling queue">
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="The queue is empty">Evaluations that keep failing or wait for capacity appear here.</Empty>
          ) : shown.length === 0 ? (
            <Empty title="No matches" action={<ButtonLink href="/admin/queue">Show all</ButtonLink>}>
              The queue has evaluations in other states.
            </Empty>
          ) : (
            <QueueTable items={shown} question={view.kind} />
          )
        }
      </QueryView>
    </>
  )
}
