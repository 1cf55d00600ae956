'use client'

import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Plug } from 'lucide-react'
import { may } from '@/server/domain/roles'
import { useMe } from '../../shell/me'
import { useTRPC } from '../../trpc'
import { Button, ButtonLink } from '../../ui/button'
import { PageHeader } from '../../ui/layout-parts'
import { Empty, ErrorState, Loading } from '../../ui/states'
import { NodeTable } from './node-table'
import { NodeToolbar } from './node-toolbar'
import { useNodeView } from './node-view'

export function NodeList() {
  const trpc = useTRPC()
  const state = useNodeView()
  const { view, set, filter, filtered } = state
  const query = useQuery({
    ...trpc.node.page.queryOptions({
      ...filter,
      sort_by: view.sort,
      sort_order: view.order,
      limit: view.size,
      offset: (view.page - 1) * view.size,
    }),
    placeholderData: keepPreviousData,
  })
  const { data } = query
  return (
    <>
      <PageHeader title="Nodes" actions={<JoinLink />} />
      <NodeToolbar view={view} set={set} counts={data?.counts} />
      {query.isError && !data ? (
        <ErrorState error={query.error} what="The nodes could not be read" onRetry={() => void query.refetch()} />
      ) : !data ? (
        <Loading label="Reading the nodes" />
      ) : data.nodes.length === 0 ? (
        filtered || data.total > 0 ? (
          <Empty
            title={data.total > 0 ? 'There is no such page' : 'Nothing matches'}
            action={<Button onClick={() => void set(null, { history: 'push' })}>Show all nodes</Button>}
          >
            {data.total > 0 ? 'The list has become shorter.' : 'No node is like that.'}
          </Empty>
        ) : (
          <Empty title="No nodes yet" action={<JoinLink primary />}>
            A node is any machine that runs Docker or Podman. One command on it makes it part of the fleet.
          </Empty>
        )
      ) : (
        <NodeTable state={state} data={data} outdated={query.isPlaceholderData} />
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
