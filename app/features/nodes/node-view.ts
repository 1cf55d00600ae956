'use client'

import { parseAsArrayOf, parseAsInteger, parseAsString, parseAsStringLiteral, useQueryStates } from 'nuqs'
import { measures } from '@/app/features/fleet-map/sprites'
import { machineKinds, type NodeFilter, nodeSortKeys, nodeStates } from '@/core/nodes/list'

export const stateFilters = ['all', ...nodeStates] as const
const pageSizes = [50, 100, 200, 500] as const

const parameters = {
  view: parseAsStringLiteral(['table', 'map'] as const).withDefault('table'),
  colour: parseAsStringLiteral(measures).withDefault('state'),
  q: parseAsString.withDefault(''),
  region: parseAsString.withDefault(''),
  type: parseAsString.withDefault(''),
  label: parseAsString.withDefault(''),
  kind: parseAsStringLiteral(['all', ...machineKinds] as const).withDefault('all'),
  state: parseAsStringLiteral(stateFilters).withDefault('all'),
  sort: parseAsStringLiteral(nodeSortKeys).withDefault('name'),
  order: parseAsStringLiteral(['asc', 'desc'] as const).withDefault('asc'),
  page: parseAsInteger.withDefault(1),
  size: parseAsInteger.withDefault(100),
  selected: parseAsArrayOf(parseAsString).withDefault([]),
}

/** Filters, sort order and view of the fleet, all kept in the address. */
export function useNodeView() {
  const [view, set] = useQueryStates(parameters)
  const size = pageSizes.find((one) => one === view.size) ?? 100
  const page = Math.max(1, view.page)
  const filter: NodeFilter = {
    ...(view.q && { search: view.q }),
    ...(view.region && { region: view.region }),
    ...(view.type && { type: view.type }),
    ...(view.label && { label: view.label }),
    ...(view.kind !== 'all' && { kind: view.kind }),
    ...(view.state !== 'all' && { state: view.state }),
  }
  return { view: { ...view, page, size }, set, filter, filtered: Object.keys(filter).length > 0 }
}

export type NodeViewState = ReturnType<typeof useNodeView>

/** A changed filter starts at the first page with nothing selected, because only visible nodes can be acted on. */
export const afresh = { page: null, selected: null } as const
