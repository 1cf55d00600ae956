'use client'

import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Download } from 'lucide-react'
import { parseAsString, parseAsStringLiteral, useQueryStates } from 'nuqs'
import { useCallback, useMemo } from 'react'
import { useTRPC } from '@/app/trpc'
import { ButtonLink } from '@/app/ui/button'
import { Select } from '@/app/ui/form/field'
import { momentOf, Period } from '@/app/ui/form/period'
import { PageHeader } from '@/app/ui/layout-parts'
import { QueryView } from '@/app/ui/status/query-view'
import { Empty } from '@/app/ui/status/states'
import { CursorPager } from '@/app/ui/table/cursor-pager'
import { SearchField } from '@/app/ui/table/search'
import { Table } from '@/app/ui/table/table'
import { auditActions } from '@/core/audit/audit'
import { actionLabels } from '@/core/audit/labels'
import { auditColumns } from './columns'
import { EntryDialog } from './entry-dialog'

const parameters = {
  by: parseAsString.withDefault(''),
  about: parseAsString.withDefault(''),
  action: parseAsStringLiteral(auditActions),
  after: parseAsString.withDefault(''),
  before: parseAsString.withDefault(''),
  from: parseAsString.withDefault(''),
  /** Id of the open entry. */
  open: parseAsString,
}

export function AuditPage() {
  const trpc = useTRPC()
  const [{ open, from, ...view }, set] = useQueryStates(parameters)
  const after = momentOf(view.after)
  const before = momentOf(view.before)
  const filter = {
    ...(view.by && { actor: view.by }),
    ...(view.about && { subject: view.about }),
    ...(view.action && { action: view.action }),
    ...(after && { after }),
    ...(before && { before }),
  }
  const query = useQuery({
    ...trpc.audit.page.queryOptions({ ...filter, ...(from && { from }) }),
    placeholderData: keepPreviousData,
  })
  const byWhom = useCallback((by: string) => void set({ by: by || null, from: null }, { history: 'replace' }), [set])
  const about = useCallback(
    (text: string) => void set({ about: text || null, from: null }, { history: 'replace' }),
    [set],
  )
  const columns = useMemo(() => auditColumns(({ id }) => void set({ open: id }, { history: 'push' })), [set])
  const opened = query.data?.entries.find(({ id }) => id === open)
  const filtered = Object.keys(filter).length > 0

  return (
    <>
      <PageHeader
        title="Audit log"
        meta="Changes by users and programs, and where they came from. Entries are never changed or removed."
        actions={
          <ButtonLink
            href={`/api/audit.csv?${new URLSearchParams(filter)}`}
            prefetch={false}
            download
            icon={<Download size={14} aria-hidden />}
          >
            Download as CSV
          </ButtonLink>
        }
      />
      <div className="flex flex-wrap items-end gap-x-4 gap-y-2 border-t border-line px-4 py-2 md:px-6">
        <SearchField label="Actor: a name" value={view.by} onChange={byWhom} className="w-full sm:w-40" />
        <SearchField label="Target: a name or id" value={view.about} onChange={about} className="w-full sm:w-48" />
        <Select
          aria-label="Action"
          value={view.action ?? ''}
          onChange={(event) =>
            void set(
              { action: auditActions.find((action) => action === event.target.value) ?? null, from: null },
              { history: 'push' },
            )
          }
          className="w-full sm:w-52"
        >
          <option value="">All actions</option>
          {auditActions.map((action) => (
            <option key={action} value={action}>
              {actionLabels[action]}
            </option>
          ))}
        </Select>
        <Period
          after={view.after}
          before={view.before}
          onChange={(change) => void set({ ...change, from: null }, { history: 'push' })}
        />
      </div>
      <QueryView query={query} failed="Could not load the audit log" loading="Loading audit log">
        {({ entries, next }) =>
          entries.length === 0 ? (
            <Empty
              title={filtered ? 'No matches' : 'No entries yet'}
              action={filtered && <ButtonLink href="/admin/audit">Show all entries</ButtonLink>}
            >
              {filtered ? 'No entries match these filters.' : 'Changes by users and programs appear here.'}
            </Empty>
          ) : (
            <>
              <Table
                caption="Audit log, newest first"
                columns={columns}
                rows={entries}
                rowKey={({ id }) => id}
                keyboard
                reading
                question={JSON.stringify([view, from])}
                outdated={query.isPlaceholderData}
              />
              <CursorPager
                newest={from === '' ? null : () => void set({ from: null }, { history: 'push', scroll: true })}
                older={next === null ? null : () => void set({ from: next }, { history: 'push', scroll: true })}
              />
            </>
          )
        }
      </QueryView>
      {opened && <EntryDialog entry={opened} onClose={() => void set({ open: null }, { history: 'replace' })} />}
    </>
  )
}
