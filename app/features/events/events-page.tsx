'use client'

import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { parseAsString, parseAsStringLiteral, useQueryStates } from 'nuqs'
import { useCallback } from 'react'
import { useMe } from '@/app/features/session/me'
import { useTRPC } from '@/app/trpc'
import { ButtonLink } from '@/app/ui/button'
import { momentOf, Period } from '@/app/ui/form/period'
import { PageHeader } from '@/app/ui/layout-parts'
import { QueryView } from '@/app/ui/status/query-view'
import { Empty } from '@/app/ui/status/states'
import { CursorPager } from '@/app/ui/table/cursor-pager'
import { FilterTabs } from '@/app/ui/table/filter-tabs'
import { SearchField } from '@/app/ui/table/search'
import { Table } from '@/app/ui/table/table'
import { may } from '@/core/accounts/roles'
import { type EventKind, eventKinds } from '@/core/insight/events'
import { eventColumns } from './columns'

const kindLabels: Record<EventKind, string> = {
  deployment: 'Deployments',
  replica: 'Replicas',
  node: 'Nodes',
  person: 'Users',
}

const parameters = {
  kind: parseAsStringLiteral(['all', ...eventKinds] as const).withDefault('all'),
  about: parseAsString.withDefault(''),
  by: parseAsString.withDefault(''),
  after: parseAsString.withDefault(''),
  before: parseAsString.withDefault(''),
  from: parseAsString.withDefault(''),
}

const pageSize = 100

export function EventsPage() {
  const trpc = useTRPC()
  const { role } = useMe()
  const [view, set] = useQueryStates(parameters)
  const kinds = eventKinds.filter((kind) => kind !== 'person' || may(role, 'users.manage'))
  const query = useQuery({
    ...trpc.event.page.queryOptions({
      kinds: view.kind === 'all' ? [...kinds] : [view.kind],
      ...(view.about && { subject: view.about }),
      ...(view.by && { actor: view.by }),
      ...(momentOf(view.after) && { after: momentOf(view.after) }),
      ...(momentOf(view.before) && { before: momentOf(view.before) }),
      ...(view.from && { from: view.from }),
      limit: pageSize,
    }),
    placeholderData: keepPreviousData,
  })
  const search = useCallback(
    (about: string) => void set({ about: about || null, from: null }, { history: 'replace' }),
    [set],
  )
  const byWhom = useCallback((by: string) => void set({ by: by || null, from: null }, { history: 'replace' }), [set])
  const filtered = Object.entries(view).some(([name, value]) => value !== '' && !(name === 'kind' && value === 'all'))

  return (
    <>
      <PageHeader title="Events" />
      <div className="flex flex-wrap items-end gap-x-4 gap-y-2 border-t border-line px-4 py-2 md:px-6">
        <SearchField label="Target: a name" value={view.about} onChange={search} className="w-full sm:w-48" />
        <SearchField label="Actor: a name" value={view.by} onChange={byWhom} className="w-full sm:w-40" />
        <Period
          after={view.after}
          before={view.before}
          onChange={(change) => void set({ ...change, from: null }, { history: 'push' })}
        />
        <FilterTabs
          label="Kind"
          value={view.kind}
          onChange={(kind) => void set({ kind, from: null }, { history: 'push' })}
          options={(['all', ...kinds] as const).map((kind) => ({
            value: kind,
            label: kind === 'all' ? 'All' : kindLabels[kind],
          }))}
        />
      </div>
      <QueryView query={query} failed="Could not load the events" loading="Loading events">
        {({ events, next }) =>
          events.length === 0 ? (
            <Empty
              title={filtered ? 'No matches' : 'No events yet'}
              action={filtered && <ButtonLink href="/events">Show all events</ButtonLink>}
            >
              {filtered
                ? 'No events match these filters.'
                : 'Changes of deployments and nodes and actions by users appear here.'}
            </Empty>
          ) : (
            <>
              <Table
                caption="Events, newest first"
                columns={eventColumns}
                rows={events}
                rowKey={(event) => event.id}
                keyboard
                reading
                question={JSON.stringify(view)}
                outdated={query.isPlaceholderData}
              />
              <CursorPager
                newest={view.from === '' ? null : () => void set({ from: null }, { history: 'push', scroll: true })}
                older={next === null ? null : () => void set({ from: next }, { history: 'push', scroll: true })}
              />
            </>
          )
        }
      </QueryView>
    </>
  )
}
