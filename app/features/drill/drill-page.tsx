'use client'

import { keepPreviousData, skipToken, useQuery, useQueryClient } from '@tanstack/react-query'
import { RotateCcw } from 'lucide-react'
import { useState } from 'react'
import { useTRPC } from '@/app/trpc'
import { Button } from '@/app/ui/button'
import { cn } from '@/app/ui/cn'
import { PageHeader, Section } from '@/app/ui/layout-parts'
import { useLongOutdated } from '@/app/ui/settled'
import { ErrorState, Loading } from '@/app/ui/status/states'
import { FilterTabs } from '@/app/ui/table/filter-tabs'
import { Pager } from '@/app/ui/table/pager'
import { Time } from '@/app/ui/text/time'
import type { DrillReport } from '@/core/insight/drill-report'
import { CapacityTable } from './capacity-table'
import { DeploymentTable } from './deployment-table'
import { afresh, type DrillViewState, useDrillView } from './drill-view'
import { showCounts, showLabels } from './labels'
import { Outcome } from './outcome'
import { PickField } from './pick-field'
import { WeakPoints } from './weak-points'

const pageSize = 50
const modeLabels = { fail: 'Fail', drain: 'Drain' } as const

/** Simulates that nodes fail or are drained, and shows what would happen to the deployments. Changes nothing. */
export function DrillPage() {
  const drill = useDrillView()
  const { view, set, picks } = drill
  return (
    <>
      <PageHeader
        title="Failure drill"
        meta="Simulates which deployments would keep running, move or not fit. Changes nothing."
      />
      <div className="space-y-3 border-t border-line px-4 py-4 md:px-6">
        <FilterTabs
          label="Type of drill"
          value={view.mode}
          onChange={(mode) => void set({ mode, ...afresh }, { history: 'push' })}
          options={(['fail', 'drain'] as const).map((value) => ({ value, label: modeLabels[value] }))}
        />
        <PickField picks={picks} add={drill.add} remove={drill.remove} />
      </div>
      {picks.length === 0 ? (
        <>
          <p className="px-4 pb-4 text-ink-2 md:px-6">
            Pick a region or some nodes to see which deployments would keep running without them, or start with one of
            the weakest points.
          </p>
          <WeakPoints />
        </>
      ) : (
        <Result {...drill} />
      )}
    </>
  )
}

function Result({ view, set, picks, picked }: DrillViewState) {
  const trpc = useTRPC()
  const queries = useQueryClient()
  /** The drill that the current page number belongs to. */
  const [at, setAt] = useState<string>()
  const { stage, show, page } = view
  const query = useQuery({
    ...trpc.drill.run.queryOptions(
      picks.length === 0
        ? skipToken
        : { ...picked, stage, show, limit: pageSize, offset: (page - 1) * pageSize, ...(at && { taken_at: at }) },
    ),
    placeholderData: keepPreviousData,
  })
  const { data } = query
  const longOutdated = useLongOutdated(query.isPlaceholderData)
  if (query.isError && !query.isFetching)
    return <ErrorState error={query.error} what="Could not run the drill" onRetry={() => void query.refetch()} />
  if (!data) return <Loading label="Running the drill" />
  const turn = (change: Parameters<typeof set>[0]): void => {
    setAt(data.takenAt)
    void set(change, { history: 'push' })
  }
  const again = (): void => {
    setAt(undefined)
    void queries.invalidateQueries({ queryKey: trpc.drill.pathKey() })
  }
  const counts = stage === 'held' ? (data.heldCounts ?? data.counts) : data.counts
  return (
    <div aria-busy={query.isFetching} className={cn(longOutdated && 'grayscale')}>
      <div className="border-t border-line px-4 py-4 md:px-6">
        <Outcome
          report={data}
          counts={counts}
          stage={stage}
          onStage={(next) => turn({ stage: next, page: null, show: null })}
        />
        <p className="mt-3 flex flex-wrap items-center gap-x-3 gap-y-1 text-meta text-ink-3">
          <span>
            Computed <Time at={data.takenAt} />
          </span>
          <Button size="sm" icon={<RotateCcw size={12} aria-hidden />} busy={query.isFetching} onClick={again}>
            Recalculate
          </Button>
        </p>
      </div>
      <Section
        flush
        title="Deployments"
        meta="Worst first"
        actions={
          <FilterTabs
            label="Filter deployments"
            value={show}
            onChange={(next) => turn({ show: next, page: null })}
            options={showOptions(counts, show)}
          />
        }
      >
        <DeploymentTable
          report={data}
          picked={picked}
          stage={stage}
          show={show}
          open={view.open}
          onOpen={(open) => void set({ open }, { history: 'replace' })}
        />
        <Pager page={page} pageSize={pageSize} total={data.total} onPage={(next) => turn({ page: next })} />
      </Section>
      <Section
        flush
        title="Capacity by region"
        meta="Online nodes only. Bars show reservations after everything is placed."
      >
        <CapacityTable capacity={data.capacity} />
      </Section>
    </div>
  )
}

const showOptions = (counts: DrillReport['counts'], show: DrillViewState['view']['show']) => {
  const all = showCounts(counts)
  return (Object.keys(showLabels) as (keyof typeof showLabels)[])
    .filter((value) => value === 'affected' || value === 'keeps' || value === show || all[value] > 0)
    .map((value) => ({ value, label: showLabels[value], count: all[value] }))
}
