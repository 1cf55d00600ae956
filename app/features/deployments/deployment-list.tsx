'use client'

import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { parseAsInteger, parseAsString, parseAsStringLiteral, useQueryStates } from 'nuqs'
import { useCallback } from 'react'
import { useTRPC } from '@/app/trpc'
import { ButtonLink } from '@/app/ui/button'
import { PageHeader } from '@/app/ui/layout-parts'
import { QueryView } from '@/app/ui/status/query-view'
import { Empty } from '@/app/ui/status/states'
import { deploymentStyles } from '@/app/ui/status/status'
import { FilterTabs } from '@/app/ui/table/filter-tabs'
import { Pager } from '@/app/ui/table/pager'
import { SearchField } from '@/app/ui/table/search'
import { Table } from '@/app/ui/table/table'
import { deploymentStatuses } from '@/core/deployments/status'
import { deploymentColumns } from './columns'
import { NewButton } from './new-button'

const pageSize = 50
const sortKeys = ['name', 'status', 'created_at', 'updated_at'] as const
const statusFilters = ['all', ...deploymentStatuses] as const

const parameters = {
  q: parseAsString.withDefault(''),
  status: parseAsStringLiteral(statusFilters).withDefault('all'),
  sort: parseAsStringLiteral(sortKeys).withDefault('created_at'),
  order: parseAsStringLiteral(['asc', 'desc'] as const).withDefault('desc'),
  page: parseAsInteger.withDefault(1),
}

export function DeploymentList() {
  const trpc = useTRPC()
  const [view, setView] = useQueryStates(parameters)
  const page = Math.max(1, view.page)
  const query = useQuery({
    ...trpc.deployment.page.queryOptions({
      ...(view.q ? { search: view.q } : {}),
      ...(view.status === 'all' ? {} : { status: view.status }),
      sort_by: view.sort,
      sort_order: view.order,
      limit: pageSize,
      offset: (page - 1) * pageSize,
    }),
    placeholderData: keepPreviousData,
  })
  const onSearch = useCallback(
    (q: string) => void setView({ q: q || null, page: null }, { history: 'replace' }),
    [setView],
  )
  const counts = query.data?.counts
  const all = counts && deploymentStatuses.reduce((sum, one) => (one === 'deleted' ? sum : sum + counts[one]), 0)

  return (
    <>
      <PageHeader title="Deployments" actions={<NewButton />} />
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2 border-t border-line px-4 py-2 md:px-6">
        <SearchField label="Search by name or image" value={view.q} onChange={onSearch} className="w-full sm:w-64" />
        <FilterTabs
          label="Status"
          value={view.status}
          onChange={(status) => void setView({ status, page: null }, { history: 'push' })}
          counting={query.isPending}
          options={statusFilters.map((status) => ({
            value: status,
            label: status === 'all' ? 'All' : deploymentStyles[status].label,
            count: status === 'all' ? all : counts?.[status],
          }))}
        />
      </div>
      <QueryView query={query} failed="Could not load the deployments" loading="Loading deployments">
        {({ items, total }) =>
          items.length === 0 ? (
            <NoDeployments q={view.q} status={view.status} />
          ) : (
            <>
              <Table
                caption="Deployments"
                columns={deploymentColumns}
                rows={items}
                rowKey={(row) => row.id}
                rowHref={(row) => `/deployments/${row.id}`}
                sort={{ by: view.sort, order: view.order }}
                onSort={(by, order) =>
                  void setView(
                    { sort: sortKeys.find((key) => key === by) ?? null, order, page: null },
                    { history: 'push' },
                  )
                }
                keyboard
                reading
                question={`${view.q} ${view.status} ${page}`}
                outdated={query.isPlaceholderData}
              />
              <Pager
                page={page}
                pageSize={pageSize}
                total={total}
                onPage={(next) => void setView({ page: next }, { history: 'push', scroll: true })}
              />
            </>
          )
        }
      </QueryView>
    </>
  )
}

/** Instead of an empty table, for the search and the status that are set. */
function NoDeployments({ q, status }: { q: string; status: (typeof statusFilters)[number] }) {
  if (q === '' && status === 'all')
    return (
      <Empty title="No deployments yet" action={<NewButton />}>
        A deployment runs replicas of a container image on your nodes. The form previews where they would run.
      </Empty>
    )
  return (
    <Empty title="No matches" action={<ButtonLink href="/deployments">Show all deployments</ButtonLink>}>
      No deployments {q && <>with “{q}” in its name or image </>}
      {status !== 'all' && <>are {status}</>}
    </Empty>
  )
}
