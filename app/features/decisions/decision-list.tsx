'use client'

import { keepPreviousData, useQuery } from '@tanstack/react-query'
import Link from 'next/link'
import { outcomeStyles } from '@/app/features/placement/outcome-styles'
import { triggerText } from '@/app/features/placement/trigger-labels'
import { useTRPC } from '@/app/trpc'
import { Button, ButtonLink } from '@/app/ui/button'
import { QueryView } from '@/app/ui/status/query-view'
import { Empty } from '@/app/ui/status/states'
import { StatusBadge } from '@/app/ui/status/status'
import type { Column } from '@/app/ui/table/column'
import { RowLink } from '@/app/ui/table/row-link'
import { Table } from '@/app/ui/table/table'
import { plural } from '@/app/ui/text/format'
import { Time } from '@/app/ui/text/time'
import type { DecisionListItem } from '@/core/views/decisions'
import type { DecisionFilters } from './filters'

const pageSize = 50

export function DecisionList({ filters, setFilters, asked, isFiltered }: DecisionFilters) {
  const trpc = useTRPC()
  const { older } = filters
  const query = useQuery({
    ...trpc.decision.page.queryOptions({ ...asked, ...(older ? { older_than: older } : {}), limit: pageSize }),
    placeholderData: keepPreviousData,
  })
  return (
    <QueryView query={query} failed="Could not load the decisions" loading="Loading decisions">
      {({ items, more }) =>
        items.length === 0 ? (
          <NoDecisions isFiltered={isFiltered || older !== ''} />
        ) : (
          <>
            <Table
              caption="Decisions, newest first"
              columns={columns}
              rows={items}
              rowKey={(row) => row.id}
              rowHref={(row) => `/decisions/${row.id}`}
              keyboard
              question={JSON.stringify([asked, older])}
              outdated={query.isPlaceholderData}
            />
            {(older || more) && (
              <nav aria-label="Pages" className="flex items-center justify-end gap-2 px-4 py-3 md:px-6">
                {older && <Button onClick={() => void setFilters({ older: null }, { history: 'push' })}>Newest</Button>}
                {more && (
                  <Button
                    onClick={() =>
                      void setFilters({ older: items.at(-1)?.id ?? null }, { history: 'push', scroll: true })
                    }
                  >
                    Older
                  </Button>
                )}
              </nav>
            )}
          </>
        )
      }
    </QueryView>
  )
}

function NoDecisions({ isFiltered }: { isFiltered: boolean }) {
  return isFiltered ? (
    <Empty title="No matches" action={<ButtonLink href="/decisions">Show all decisions</ButtonLink>}>
      No decisions match these filters.
    </Empty>
  ) : (
    <Empty title="No decisions yet" action={<ButtonLink href="/deployments/new">New deployment</ButtonLink>}>
      The scheduler decides whenever replicas are deployed, scaled or moved. Its decisions appear here.
    </Empty>
  )
}

const columns: Column<DecisionListItem>[] = [
  {
    id: 'deployment',
    header: 'Decision on',
    width: 'clamp(120px, 15vw, 240px)',
    cell: ({ id, deploymentName }) => <RowLink href={`/decisions/${id}`}>{deploymentName}</RowLink>,
  },
  {
    id: 'outcome',
    header: 'Outcome',
    width: '104px',
    cell: ({ outcome }) => <StatusBadge statusStyle={outcomeStyles[outcome]} />,
  },
  {
    id: 'message',
    header: 'Result',
    cell: ({ message }) => (
      <span className="text-ink-2" title={message}>
        {message}
      </span>
    ),
    from: 'sm',
  },
  {
    id: 'replicas',
    header: 'Requested',
    width: '96px',
    from: 'lg',
    cell: ({ replicas }) => plural(replicas, 'replica'),
  },
  {
    id: 'trigger',
    header: 'Trigger',
    width: '148px',
    from: 'xl',
    cell: ({ trigger }) => <span className="text-ink-2">{triggerText(trigger)}</span>,
  },
  {
    id: 'policy',
    header: 'Policy',
    width: '88px',
    from: '2xl',
    cell: ({ policy }) => <span className="text-ink-2">{policy.name}</span>,
  },
  {
    id: 'timeline',
    header: 'Deployment',
    width: '104px',
    from: '2xl',
    cell: ({ deploymentId, deploymentName }) => (
      <Link
        href={`/deployments/${deploymentId}`}
        prefetch={false}
        aria-label={`Open deployment ${deploymentName}`}
        className="underline decoration-control underline-offset-2 hover:decoration-ink"
      >
        open
      </Link>
    ),
  },
  {
    id: 'age',
    header: 'Age',
    width: '96px',
    align: 'right',
    cell: ({ createdAt }) => <Time at={createdAt} ago={false} />,
  },
]
