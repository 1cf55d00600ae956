'use client'

import { parseAsArrayOf, parseAsInteger, parseAsString, parseAsStringLiteral, useQueryStates } from 'nuqs'
import { drillModes, drillShows, drillStages } from '@/server/domain/drill'

const listOf = parseAsArrayOf(parseAsString)

const parameters = {
  mode: parseAsStringLiteral(drillModes).withDefault('fail'),
  node: listOf.withDefault([]),
  region: listOf.withDefault([]),
  zone: listOf.withDefault([]),
  stage: parseAsStringLiteral(drillStages).withDefault('overruled'),
  show: parseAsStringLiteral(drillShows).withDefault('affected'),
  page: parseAsInteger.withDefault(1),
  /** The deployment of which everything is shown. */
  open: parseAsString,
}

export const pickKinds = ['region', 'zone', 'node'] as const
export type PickKind = (typeof pickKinds)[number]

export interface Pick {
  kind: PickKind
  name: string
}

/** Another question starts at its first page. */
export const afresh = { page: null, open: null, show: null, stage: null } as const

/** What fails or is drained, and what of the outcome is shown: all of it is in the address. */
export function useDrillView() {
  const [view, set] = useQueryStates(parameters)
  const { mode, node, region, zone } = view
  const picks = pickKinds.flatMap((kind) => view[kind].map((name): Pick => ({ kind, name })))
  return {
    view: { ...view, page: Math.max(1, view.page) },
    set,
    picks,
    picked: { mode, nodes: node, regions: region, zones: zone },
    add: ({ kind, name }: Pick) =>
      void set({ [kind]: [...new Set([...view[kind], name])], ...afresh }, { history: 'push' }),
    remove: ({ kind, name }: Pick) =>
      void set({ [kind]: view[kind].filter((one) => one !== name), ...afresh }, { history: 'push' }),
  }
}
export type DrillViewState = ReturnType<typeof useDrillView>

/** Where it is shown what would be without these regions, zones or nodes. */
export const drillHref = (kind: PickKind, ...names: string[]): string =>
  `/drill?${new URLSearchParams({ [kind]: listOf.serialize(names) })}`
