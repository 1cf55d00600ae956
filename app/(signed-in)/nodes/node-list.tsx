'use client'

import { useQuery } from '@tanstack/react-query'
import { Plug } from 'lucide-react'
import { parseAsString, parseAsStringLiteral, useQueryStates } from 'nuqs'
import { useCallback, useMemo } from 'react'
import { may } from '@/server/domain/roles'
import type { NodeView } from '@/server/domain/views'
import { useMe } from '../../shell/me'
import { useTRPC } from '../../trpc'
import { BarLegend } from '../../ui/bar'
import { Button, ButtonLink } from '../../ui/button'
import { Select } from '../../ui/field'
import { FilterTabs } from '../../ui/filter-tabs'
import { plural } from '../../ui/format'
import { PageHeader } from '../../ui/layout-parts'
import { SearchField } from '../../ui/search'
import { Empty, ErrorState, Loading } from '../../ui/states'
import { type Column, Table } from '../../ui/table'
import { nodeColumns } from './columns'
import { CordonButton } from './cordon-button'
import { type NodeState, nodeMatches, nodeSortKeys, nodeStates, sortNodes, stateOf } from './node-sort'

const filters = ['all', ...nodeStates] as const

const labels: Record<NodeState, string> = {
  ready: 'Ready',
  full: 'Full',
  cordoned: 'Cordoned',
  draining: 'Draining',
  offline: 'Offline',
  maintenance: 'Maintenance',
}

const parameters = {
  q: parseAsString.withDefault(''),
  region: parseAsString.withDefault(''),
  state: parseAsStringLiteral(filters).withDefault('all'),
  sort: parseAsStringLiteral(nodeSortKeys).withDefault('name'),
  order: parseAsStringLiteral(['asc', 'desc'] as const).withDefault('asc'),
}

const actions: Column<NodeView> = {
  id: 'actions',
  header: <span className="sr-only">Actions</span>,
  width: '60px',
  align: 'right',
  from: 'sm',
  cell: (node) => <CordonButton node={node} small />,
}

const columns = [...nodeColumns, actions]

export function NodeList() {
  const trpc = useTRPC()
  const [view, setView] = useQueryStates(parameters)
  const query = useQuery(trpc.node.list.queryOptions())
  const nodes = query.data
  const found = useMemo(
    () =>
      (nodes ?? []).filter((node) => nodeMatches(node, view.q) && (view.region === '' || node.region === view.region)),
    [nodes, view.q, view.region],
  )
  const shown = useMemo(
    () =>
      sortNodes(
        view.state === 'all' ? found : found.filter((node) => stateOf(node) === view.state),
        view.sort,
        view.order,
      ),
    [found, view.state, view.sort, view.order],
  )
  const counts = useMemo(() => {
    const count = new Map<NodeState, number>()
    for (const node of found) count.set(stateOf(node), (count.get(stateOf(node)) ?? 0) + 1)
    return count
  }, [found])
  const regions = useMemo(() => [...new Set((nodes ?? []).map(({ region }) => region))].sort(), [nodes])
  const onSearch = useCallback((q: string) => void setView({ q: q || null }, { history: 'replace' }), [setView])

  return (
    <>
      <PageHeader title="Nodes" actions={<JoinLink />} />
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2 border-t border-line px-4 py-2 md:px-6">
        <SearchField label="Search by name or label" value={view.q} onChange={onSearch} className="w-full sm:w-56" />
        <Select
          aria-label="Region"
          value={view.region}
          onChange={(event) => void setView({ region: event.target.value || null }, { history: 'push' })}
          className="w-full sm:w-40"
        >
          <option value="">All regions</option>
          {regions.map((region) => (
            <option key={region}>{region}</option>
          ))}
        </Select>
        <FilterTabs
          label="State"
          value={view.state}
          onChange={(state) => void setView({ state }, { history: 'push' })}
          options={filters
            // States that no node is in take no room, unless they are what is asked for.
            .filter((state) => state === 'all' || state === 'ready' || counts.get(state) || state === view.state)
            .map((state) => ({
              value: state,
              label: state === 'all' ? 'All' : labels[state],
              count: state === 'all' ? nodes && found.length : (counts.get(state) ?? (nodes && 0)),
            }))}
        />
        <div className="ml-auto max-lg:hidden">
          <BarLegend />
        </div>
      </div>
      {query.isError && !nodes ? (
        <ErrorState error={query.error} what="The nodes could not be read" onRetry={() => void query.refetch()} />
      ) : !nodes ? (
        <Loading label="Reading the nodes" />
      ) : nodes.length === 0 ? (
        <Empty title="No nodes yet" action={<JoinLink primary />}>
          A node is any machine that runs Docker or Podman. One command on it makes it part of the fleet.
        </Empty>
      ) : shown.length === 0 ? (
        <Empty
          title="Nothing matches"
          action={<Button onClick={() => void setView(null, { history: 'push' })}>Show all nodes</Button>}
        >
          None of the {plural(nodes.length, 'node')} is like that.
        </Empty>
      ) : (
        <Table
          caption="Nodes"
          columns={columns}
          rows={shown}
          rowKey={(node) => node.id}
          rowHref={(node) => `/nodes/${node.id}`}
          sort={{ by: view.sort, order: view.order }}
          onSort={(by, order) =>
            void setView({ sort: nodeSortKeys.find((key) => key === by) ?? null, order }, { history: 'push' })
          }
          keyboard
          question={`${view.q} ${view.region} ${view.state}`}
        />
      )}
    </>
  )
}

function JoinLink({ primary = false }: { primary?: boolean }) {
  const { role } = useMe()
  if (!may(role, 'tokens.manage')) return null
  return (
    <ButtonLink href="/admin/join" variant={primary ? 'primary' : 'secondary'} icon={<Plug size={14} aria-hidden />}>
      Join a node
    </ButtonLink>
  )
}
