'use client'

import { parseAsArrayOf, parseAsInteger, parseAsString, parseAsStringLiteral, useQueryStates } from 'nuqs'

export const shownNodes = ['all', 'room', 'refused'] as const
export const rankingPageSize = 100

const parameters = {
  q: parseAsString.withDefault(''),
  at: parseAsString.withDefault(''),
  show: parseAsStringLiteral(shownNodes).withDefault('all'),
  page: parseAsInteger.withDefault(1),
  compare: parseAsArrayOf(parseAsString).withDefault([]),
}

/** The filters and the page of a ranking, all kept in the address. */
export function useRankingView() {
  const [view, setView] = useQueryStates(parameters)
  const page = Math.max(1, view.page)
  return {
    view: { ...view, page },
    setView,
    /** The view in the API's format. */
    wanted: {
      text: view.q,
      region: view.at || null,
      show: view.show,
      compare: view.compare.slice(0, 2),
      limit: rankingPageSize,
      offset: (page - 1) * rankingPageSize,
    },
  }
}

export type RankingView = ReturnType<typeof useRankingView>
