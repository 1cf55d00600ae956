'use client'

import { useCallback } from 'react'
import { Button } from '@/app/ui/button'
import { Select } from '@/app/ui/form/field'
import { type QueryResult, QueryView } from '@/app/ui/status/query-view'
import { Empty } from '@/app/ui/status/states'
import { FilterTabs } from '@/app/ui/table/filter-tabs'
import { Pager } from '@/app/ui/table/pager'
import { SearchField } from '@/app/ui/table/search'
import { plural } from '@/app/ui/text/format'
import type { Ranking } from '@/core/placement/ranking'
import { Comparison } from './compare'
import { weightsIn } from './labels'
import { RankingTable } from './ranking-table'
import { type RankingView, rankingPageSize, shownNodes } from './ranking-view'
import { ScoreLegend } from './score-bar'

interface RankingPanelProps extends RankingView {
  query: QueryResult<Ranking>
  /** The shown ranking belongs to an earlier query. */
  outdated: boolean
}

const labels = { all: 'All', room: 'Eligible', refused: 'Ineligible' } as const

/** All nodes of a run: filters, a comparison of two nodes, and the table. */
export function RankingPanel({ query, outdated, view, setView }: RankingPanelProps) {
  const ranking = query.data
  const onSearch = useCallback(
    (q: string) => void setView({ q: q || null, page: null }, { history: 'replace' }),
    [setView],
  )
  const onCompare = useCallback(
    (names: string[]) => void setView({ compare: names.length > 0 ? names : null }, { history: 'replace' }),
    [setView],
  )
  const counts = ranking && { all: ranking.nodes, room: ranking.feasible, refused: ranking.nodes - ranking.feasible }
  return (
    <>
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2 border-y border-line px-4 py-2 md:px-6">
        <SearchField label="Find a node by name" value={view.q} onChange={onSearch} className="w-full sm:w-56" />
        <Select
          aria-label="Filter by region"
          value={view.at}
          onChange={(event) => void setView({ at: event.target.value || null, page: null }, { history: 'push' })}
          className="w-full sm:w-40"
        >
          <option value="">All regions</option>
          {[...new Set([...(ranking?.regions ?? []), ...(view.at ? [view.at] : [])])].map((region) => (
            <option key={region}>{region}</option>
          ))}
        </Select>
        <FilterTabs
          label="Eligibility"
          value={view.show}
          onChange={(show) => void setView({ show, page: null }, { history: 'push' })}
          counting={!ranking && !query.isError}
          options={shownNodes.map((value) => ({ value, label: labels[value], count: counts?.[value] }))}
        />
        {ranking && (
          <div className="ml-auto max-lg:hidden">
            <ScoreLegend weights={weightsIn(ranking.verdicts, ranking.policy)} />
          </div>
        )}
      </div>
      <QueryView query={query} failed="Could not rank the nodes" loading="Ranking the nodes">
        {(shown) => (
          <>
            {shown.nodes === 0 ? (
              <Empty title="No nodes">Nodes appear here once they join.</Empty>
            ) : shown.total === 0 ? (
              <Empty
                title="No matches"
                action={
                  <Button
                    onClick={() => void setView({ q: null, at: null, show: null, page: null }, { history: 'push' })}
                  >
                    Show all nodes
                  </Button>
                }
              >
                None of the {plural(shown.nodes, 'node')} match these filters.
              </Empty>
            ) : (
              <RankingTable
                ranking={shown}
                compare={view.compare}
                onCompare={onCompare}
                question={JSON.stringify([shown.request, shown.policy, view])}
                outdated={outdated}
              />
            )}
            <Pager
              page={view.page}
              pageSize={rankingPageSize}
              total={shown.total}
              onPage={(page) => void setView({ page }, { history: 'push' })}
            />
            {/* Docked to the window's edge, so that rows don't move while nodes are selected. */}
            <div data-docked className="sticky bottom-0 z-20 max-h-[50dvh] overflow-y-auto bg-bg shadow-overlay">
              <Comparison verdicts={shown.compared} onClear={() => onCompare([])} />
            </div>
          </>
        )}
      </QueryView>
    </>
  )
}
