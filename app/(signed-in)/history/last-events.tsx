'use client'

import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { eventKinds } from '@/server/domain/feed'
import { may } from '@/server/domain/roles'
import { isoOf } from '../../history/moment'
import { useMe } from '../../shell/me'
import { useTRPC } from '../../trpc'
import { Section } from '../../ui/layout-parts'
import { Empty, ErrorState, Loading } from '../../ui/states'
import { Table } from '../../ui/table'
import { eventColumns } from '../events/columns'

const shown = 10

/** What happened last before the moment. */
export function LastEvents({ at }: { at: number | null }) {
  const trpc = useTRPC()
  const { role } = useMe()
  const query = useQuery({
    ...trpc.event.page.queryOptions({
      kinds: eventKinds.filter((kind) => kind !== 'person' || may(role, 'users.manage')),
      ...(at !== null && { before: isoOf(at) }),
      limit: shown,
    }),
    placeholderData: keepPreviousData,
  })
  return (
    <Section title={at === null ? 'What happened last' : 'What had happened last'} flush>
      {query.isError && !query.data ? (
        <ErrorState error={query.error} what="The events could not be read" onRetry={() => void query.refetch()} />
      ) : query.data?.events.length === 0 ? (
        <Empty title="Nothing had happened yet" />
      ) : query.data ? (
        <Table
          caption="The last events before this moment, the newest first"
          columns={eventColumns}
          rows={query.data.events}
          rowKey={(event) => event.id}
          question={String(at)}
          outdated={query.isPlaceholderData}
        />
      ) : (
        <Loading label="Reading the events" />
      )}
    </Section>
  )
}
