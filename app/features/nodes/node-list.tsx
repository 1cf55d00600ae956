'use client'

import { keepPreviousData, skipToken, useQuery } from '@tanstack/react-query'
import { LayoutGrid, Plug, Rows3 } from 'lucide-react'
import type { ReactNode } from 'react'
import { NodeMap } from '@/app/features/fleet-map/node-map'
import { useMe } from '@/app/features/session/me'
import { useTRPC } from '@/app/trpc'
import { Button, ButtonLink } from '@/app/ui/button'
import { PageHeader } from '@/app/ui/layout-parts'
import { type QueryResult, QueryView } from '@/app/ui/status/query-view'
import { Empty, Loading } from '@/app/ui/status/states'
import { may } from '@/core/accounts/roles'
import { NodeTable } from './node-table'
import { NodeToolbar } from './node-toolbar'
import { type NodeViewState, useNodeView } from './node-view'

/** The fleet as a table or a map, with shared filters. */
export function NodeList() {
  const trpc = useTRPC()
  const state = useNodeView()
  const { view, set, filter } = state
  const asMap = view.view === 'map'
  const table = useQuery({
    ...trpc.node.page.queryOptions(
      asMap
        ? skipToken
        : {
            ...filter,
            sort_by: view.sort,
            sort_order: view.order,
            limit: view.size,
            offset: (view.page - 1) * view.size,
          },
    ),
    placeholderData: keepPreviousData,
  })
  const map = useQuery({
    ...trpc.node.map.queryOptions(asMap ? filter : skipToken),
    placeholderData: keepPreviousData,
  })
  const facets = useQuery(trpc.node.facets.queryOptions())
  const shown = asMap ? map : table
  return (
    <>
      <PageHeader
        title="Nodes"
        actions={
          <>
            <ViewSwitch view={view} set={set} />
            <JoinLink />
          </>
        }
      />
      <NodeToolbar
        view={view}
        set={set}
        facets={facets.data}
        counts={shown.data?.counts}
        waiting={facets.isPending || shown.isPending}
      />
      {facets.isPending ? (
        <Loading label="Loading nodes" />
      ) : asMap ? (
        <Answer query={map} isEmpty={({ text }) => text === ''} state={state}>
          {(data) => <NodeMap {...data} measure={view.colour} outdated={map.isPlaceholderData} />}
        </Answer>
      ) : (
        <Answer query={table} isEmpty={({ nodes }) => nodes.length === 0} state={state}>
          {(data) => <NodeTable state={state} data={data} outdated={table.isPlaceholderData} />}
        </Answer>
      )}
    </>
  )
}

interface AnswerProps<Data> {
  query: QueryResult<Data>
  isEmpty: (data: Data) => boolean
  state: NodeViewState
  children: (data: Data) => ReactNode
}

/** The loading, error and empty states, or the nodes. */
function Answer<Data>({ query, isEmpty, state, children }: AnswerProps<Data>) {
  return (
    <QueryView query={query} failed="Could not load the nodes" loading="Loading nodes">
      {(data) => (isEmpty(data) ? <NoNodes {...state} /> : children(data))}
    </QueryView>
  )
}

function NoNodes({ view, set, filtered }: NodeViewState) {
  if (filtered || view.page > 1)
    return (
      <Empty
        title="No matches"
        action={
          <Button onClick={() => void set({ ...everything, view: view.view }, { history: 'push' })}>
            Show all nodes
          </Button>
        }
      >
        {filtered ? 'No nodes match these filters.' : 'This page no longer exists.'}
      </Empty>
    )
  return (
    <Empty title="No nodes yet" action={<JoinLink primary />}>
      A node is any machine that runs Docker or Podman. Run one command on it to join.
    </Empty>
  )
}

const everything = { q: null, region: null, type: null, label: null, kind: null, state: null, page: null } as const

function ViewSwitch({ view, set }: Pick<NodeViewState, 'view' | 'set'>) {
  const views = [
    { value: 'table', label: 'Table', icon: <Rows3 size={14} aria-hidden /> },
    { value: 'map', label: 'Map', icon: <LayoutGrid size={14} aria-hidden /> },
  ] as const
  return (
    <fieldset className="flex gap-px">
      <legend className="sr-only">View</legend>
      {views.map(({ value, label, icon }) => (
        <Button
          key={value}
          variant="ghost"
          icon={icon}
          aria-pressed={view.view === value}
          className={view.view === value ? 'bg-selected text-ink' : undefined}
          onClick={() => void set({ view: value, selected: null }, { history: 'push' })}
        >
          {label}
        </Button>
      ))}
    </fieldset>
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
