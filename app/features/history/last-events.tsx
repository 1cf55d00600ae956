'use client'

import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { eventColumns } from '@/app/features/events/columns'
import { useMe } from '@/app/features/session/me'
import { isoOf } from '@/app/features/time-travel/moment'
import { useTRPC } from '@/app/trpc'
import { Section } from '@/app/ui/layout-parts'
import { QueryView } from '@/app/ui/status/query-view'
import { Empty } from '@/app/ui/status/states'
import { Table } from '@/app/ui/table/table'
import { may } from '@/core/accounts/roles'
import { eventKinds } from '@/core/insight/events'

const shown = 10

/** The last events before the shown time. */
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
    <Section title={at === null ? 'Latest events' : 'Events before this time'} flush>
      <QueryView query={query} failed="Could not load the events" loading="Loading events">
        {({ events }) =>
          events.length === 0 ? (
            <Empty title="No events before this time" />
          ) : (
            <Table
              caption="Events before this time, newest first"
              columns={eventColumns}
              rows={events}
              rowKey={(event) => event.id}
              question={String(at)}
              outdated={query.isPlaceholderData}
            />
          )
        }
      </QueryView>
    </Section>
  )
}
