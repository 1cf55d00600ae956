'use client'

import { useCallback, useMemo } from 'react'
import type { Column } from '@/app/ui/table/column'
import { Pager } from '@/app/ui/table/pager'
import { Table } from '@/app/ui/table/table'
import { nodeSortKeys } from '@/core/nodes/list'
import type { NodePage, NodeView } from '@/core/views/nodes'
import { BulkActions } from './bulk-actions'
import { nodeColumns } from './columns'
import { CordonButton } from './cordon-button'
import { afresh, type NodeViewState } from './node-view'

const actions: Column<NodeView> = {
  id: 'actions',
  header: <span className="sr-only">Actions</span>,
  width: '60px',
  align: 'right',
  from: 'sm',
  cell: (node) => <CordonButton node={node} small />,
}

const columns = [...nodeColumns, actions]

interface NodeTableProps {
  state: NodeViewState
  data: NodePage
  /** The shown rows belong to an earlier query. */
  outdated: boolean
}

export function NodeTable({ state, data, outdated }: NodeTableProps) {
  const { view, set, filter } = state
  const { chosen, onCheck, onCheckAll, clear } = useSelection(state, data.nodes)
  const keys = useMemo(() => new Set(chosen.map((node) => node.id)), [chosen])
  return (
    <>
      <Table
        caption="Nodes"
        columns={columns}
        rows={data.nodes}
        rowKey={(node) => node.id}
        rowHref={(node) => `/nodes/${node.id}`}
        sort={{ by: view.sort, order: view.order }}
        onSort={(by, order) =>
          void set({ sort: nodeSortKeys.find((key) => key === by) ?? null, order, ...afresh }, { history: 'push' })
        }
        keyboard
        reading
        question={JSON.stringify([filter, view.page, view.size])}
        outdated={outdated}
        selection={{ keys, nameOf: (node) => node.nodeId, onCheck, onCheckAll }}
      />
      <Pager
        page={view.page}
        pageSize={view.size}
        total={data.total}
        onPage={(page) => void set({ page, selected: null }, { history: 'push', scroll: true })}
      />
      <BulkActions nodes={chosen} clear={clear} />
    </>
  )
}

/** The selected rows, by name in the address; only those on the page count. */
function useSelection({ view, set }: NodeViewState, nodes: NodeView[]) {
  const { selected } = view
  const chosen = useMemo(() => nodes.filter((node) => selected.includes(node.nodeId)), [nodes, selected])
  const onCheck = useCallback(
    (node: NodeView, checked: boolean) =>
      void set(({ selected: old }) => {
        const others = old.filter((name) => name !== node.nodeId)
        const next = checked ? [...others, node.nodeId] : others
        return { selected: next.length > 0 ? next : null }
      }),
    [set],
  )
  const onCheckAll = (rows: NodeView[], checked: boolean): void =>
    void set({ selected: checked ? rows.map((node) => node.nodeId) : null })
  return { chosen, onCheck, onCheckAll, clear: () => void set({ selected: null }) }
}
