'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTRPC } from '@/app/trpc'
import { Button } from '@/app/ui/button'
import { ErrorState } from '@/app/ui/status/states'
import { StatusBadge } from '@/app/ui/status/status'
import type { Column } from '@/app/ui/table/column'
import { RowLink } from '@/app/ui/table/row-link'
import { Table } from '@/app/ui/table/table'
import { Time } from '@/app/ui/text/time'
import type { DeadLetterView } from '@/core/queue/dead-letters'
import { deadLetterStyles } from './status-styles'

const placeOf = (work: DeadLetterView): string => `/deployments/${work.deploymentId}`

const facts: Column<DeadLetterView>[] = [
  {
    id: 'deployment',
    header: 'Deployment',
    width: 'clamp(112px, 16vw, 220px)',
    cell: (work) => <RowLink href={placeOf(work)}>{work.deploymentName}</RowLink>,
  },
  {
    id: 'kind',
    header: 'State',
    width: '148px',
    cell: ({ kind }) => <StatusBadge statusStyle={deadLetterStyles[kind]} />,
  },
  {
    id: 'error',
    header: 'Error',
    from: 'sm',
    cell: ({ error, kind }) => {
      const message = error ?? (kind === 'waiting' ? 'No eligible node' : 'The scheduler stopped during the attempt')
      return <span title={message}>{message}</span>
    },
  },
  { id: 'attempts', header: 'Attempts', width: '84px', align: 'right', from: 'md', cell: ({ attempts }) => attempts },
  {
    id: 'since',
    header: 'Since',
    width: '104px',
    from: 'md',
    cell: ({ since }) => <Time at={since} className="text-ink-2" />,
  },
  {
    id: 'next',
    header: 'Next attempt',
    width: '104px',
    from: 'lg',
    cell: ({ nextTryAt, kind }) =>
      nextTryAt ? (
        <Time at={nextTryAt} className="text-ink-2" />
      ) : (
        <span className="text-ink-3">{kind === 'dead' ? 'never' : 'with capacity'}</span>
      ),
  },
]

interface RetryAction {
  /** The evaluation that is being retried. */
  retrying: string | null
  onRetry: (work: DeadLetterView) => void
}

const actionsColumn = ({ retrying, onRetry }: RetryAction): Column<DeadLetterView> => ({
  id: 'actions',
  header: <span className="sr-only">Actions</span>,
  width: '96px',
  align: 'right',
  whole: true,
  cell: (work) => (
    <Button
      variant="ghost"
      size="sm"
      aria-label={`Retry ${work.deploymentName} now`}
      {...(work.blocked !== null && { disabled: true, title: work.blocked })}
      busy={retrying === work.id}
      onClick={() => onRetry(work)}
    >
      Retry
    </Button>
  ),
})

/** The table, with one action per row. */
export function QueueTable({ items, question }: { items: DeadLetterView[]; question: string }) {
  const trpc = useTRPC()
  const queries = useQueryClient()
  const again = useMutation(
    trpc.queue.tryAgain.mutationOptions({
      onSettled: () => queries.invalidateQueries({ queryKey: trpc.queue.pathKey() }),
    }),
  )
  const actions = actionsColumn({
    retrying: again.isPending ? again.variables.id : null,
    onRetry: ({ id }) => again.mutate({ id }),
  })
  return (
    <>
      {again.isError && <ErrorState error={again.error} what="Could not retry" />}
      <Table
        caption="Scheduling queue, most urgent first"
        columns={[...facts, actions]}
        rows={items}
        rowKey={({ id }) => id}
        rowHref={placeOf}
        keyboard
        question={question}
      />
    </>
  )
}
