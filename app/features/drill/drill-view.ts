'use client'

import { parseAsArrayOf, parseAsInteger, parseAsString, parseAsStringLiteral, useQueryStates } from 'nuqs'
import { type DrillReport, drillFilters, drillModes, drillStages } from '@/core/insight/drill-report'

const listOf = parseAsArrayOf(parseAsString)

const parameters = {
  mode: parseAsStringLiteral(drillModes).withDefault('fail'),
  node: listOf.withDefault([]),
  region: listOf.withDefault([]),
  zone: listOf.withDefault([]),
  stage: parseAsStringLiteral(drillStages).withDefault('overridden'),
  show: parseAsStringLiteral(drillFilters).withDefault('affected'),
  page: parseAsInteger.withDefault(1),
  /** The deployment whose details are expanded. */
  open: parseAsString,
}

type PickKind = 'region' | 'zone' | 'node'

export interface Picked {
  kind: PickKind
  name: string
}

/** Regions first, then zones, then nodes. */
export const picksOf = ({ nodes, regions, zones }: DrillReport['picked']): Picked[] => [
  ...regions.map((name): Picked => ({ kind: 'region', name })),
  ...zones.map((name): Picked => ({ kind: 'zone', name })),
  ...nodes.map((name): Picked => ({ kind: 'node', name })),
]

/** A changed filter starts at its first page. */
export const afresh = { page: null, open: null, show: null, stage: null } as const

/** What fails or is drained, and which part of the outcome is shown; all kept in the address. */
export function useDrillView() {
  const [view, set] = useQueryStates(parameters)
  const { mode, node, region, zone } = view
  const asked = { nodes: node, regions: region, zones: zone }
  return {
    view: { ...view, page: Math.max(1, view.page) },
    set,
    picks: picksOf(asked),
    picked: { mode, ...asked },
    add: ({ kind, name }: Picked) =>
      void set({ [kind]: [...new Set([...view[kind], name])], ...afresh }, { history: 'push' }),
    remove: ({ kind, name }: Picked) =>
      void set({ [kind]: view[kind].filter((one) => one !== name), ...afresh }, { history: 'push' }),
  }
}

export type DrillViewState = ReturnType<typeof useDrillView>

/** The address of the drill of these regions, zones or nodes. */
export const drillHref = (kind: PickKind, ...names: string[]): string =>
  `/drill?${new URLSearchParams({ [kind]: listOf.serialize(names) })}`
