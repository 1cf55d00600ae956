'use client'

import { useQuery } from '@tanstack/react-query'
import { parseAsString, parseAsStringLiteral, useQueryStates } from 'nuqs'
import { measures } from '@/app/features/fleet-map/sprites'
import { type Moment, useMoment } from '@/app/features/time-travel/moment'
import { PastBar } from '@/app/features/time-travel/past-bar'
import { useTRPC } from '@/app/trpc'
import { Select } from '@/app/ui/form/field'
import { PageHeader } from '@/app/ui/layout-parts'
import { QueryView } from '@/app/ui/status/query-view'
import { Loading } from '@/app/ui/status/states'
import { FilterTabs } from '@/app/ui/table/filter-tabs'
import { useNow } from '@/app/ui/text/clock'
import { FleetScrubber } from './fleet-scrubber'
import { LastEvents } from './last-events'
import { PastFleetView } from './past-fleet-view'
import { type Span, spanNames, spans } from './spans'

const parameters = {
  span: parseAsStringLiteral(spanNames).withDefault('1h'),
  view: parseAsStringLiteral(['map', 'table'] as const).withDefault('map'),
  colour: parseAsStringLiteral(measures).withDefault('state'),
  region: parseAsString.withDefault(''),
}

const loading = 'Loading history'

/** The state of the fleet and the events at any time in the past. */
export function HistoryPage() {
  const trpc = useTRPC()
  const moment = useMoment()
  const bounds = useQuery(trpc.history.bounds.queryOptions())
  const now = useNow()
  return (
    <QueryView query={bounds} failed="Could not load the history" loading={loading}>
      {({ from }) =>
        now === null ? <Loading label={loading} /> : <History moment={moment} oldest={Date.parse(from)} now={now} />
      }
    </QueryView>
  )
}

function History({ moment, oldest, now }: { moment: Moment; oldest: number; now: number }) {
  const trpc = useTRPC()
  const [view, set] = useQueryStates(parameters)
  const facets = useQuery(trpc.node.facets.queryOptions())
  return (
    <>
      <PageHeader
        title="History"
        actions={
          <FilterTabs<Span>
            label="Range"
            value={view.span}
            onChange={(span) => void set({ span }, { history: 'push' })}
            options={spanNames.map((value) => ({ value, label: spans[value].label }))}
          />
        }
      />
      <PastBar {...moment} keepsPlace>
        <FleetScrubber moment={moment} span={view.span} oldest={oldest} now={now} />
        <div className="flex flex-wrap items-center gap-x-4 gap-y-2 border-t border-line px-4 py-2 md:px-6">
          <FilterTabs
            label="View"
            value={view.view}
            onChange={(next) => void set({ view: next }, { history: 'push' })}
            options={[
              { value: 'map', label: 'Map' },
              { value: 'table', label: 'Table' },
            ]}
          />
          {view.view === 'map' && (
            <FilterTabs
              label="Color by"
              value={view.colour}
              onChange={(colour) => void set({ colour }, { history: 'push' })}
              options={[
                { value: 'state', label: 'State' },
                { value: 'cpu', label: 'CPU' },
                { value: 'memory', label: 'Memory' },
              ]}
            />
          )}
          <Select
            aria-label="Region"
            value={view.region}
            onChange={(event) => void set({ region: event.target.value || null }, { history: 'push' })}
            className="max-sm:w-full sm:w-44"
          >
            <option value="">All regions</option>
            {facets.data?.regions.map((region) => (
              <option key={region}>{region}</option>
            ))}
          </Select>
        </div>
        <PastFleetView at={moment.at} region={view.region} asMap={view.view === 'map'} measure={view.colour} />
        <LastEvents at={moment.at} />
      </PastBar>
    </>
  )
}
