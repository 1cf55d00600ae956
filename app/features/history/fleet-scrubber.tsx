'use client'

import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { Density, MarkList } from '@/app/features/time-travel/density'
import { isoOf, type Moment } from '@/app/features/time-travel/moment'
import { evenScale, Scrubber } from '@/app/features/time-travel/scrubber'
import { type TimeWindow, windowAround } from '@/app/features/time-travel/window'
import { useTRPC } from '@/app/trpc'
import { exactTime } from '@/app/ui/text/time'
import { type Span, spans } from './spans'

/** How often the window moves along with the present. */
const followMs = 10_000

interface FleetScrubberProps {
  moment: Moment
  span: Span
  oldest: number
  now: number
}

/** The time slider below the density chart. */
export function FleetScrubber({ moment: { at, go }, span, oldest, now }: FleetScrubberProps) {
  const trpc = useTRPC()
  const window = useTimeWindow({ at, span, oldest, now })
  const { from, to } = window
  const scale = useMemo(() => evenScale(window), [window])
  const query = useQuery({
    ...trpc.history.marks.queryOptions({ from: isoOf(from), to: isoOf(to) }),
    placeholderData: keepPreviousData,
  })
  return (
    <section aria-label="Time" className="border-t border-line px-4 py-3 md:px-6">
      <Scrubber at={at} go={go} {...window}>
        <div className="h-14">{query.data && <Density marks={query.data} scale={scale} go={go} />}</div>
        <p className="flex justify-between text-meta text-ink-3">
          <time dateTime={isoOf(from)}>{exactTime(from)}</time>
          <time dateTime={isoOf(to)} className="max-sm:hidden">
            {exactTime(to)}
          </time>
        </p>
      </Scrubber>
      <div className="min-h-7 pointer-coarse:min-h-11">{query.data && <MarkList marks={query.data} go={go} />}</div>
    </section>
  )
}

function useTimeWindow({
  at,
  span,
  oldest,
  now,
}: Omit<FleetScrubberProps, 'moment'> & { at: number | null }): TimeWindow {
  const roundedNow = Math.ceil(now / followMs) * followMs
  const [last, setLast] = useState<TimeWindow | null>(null)
  const next = windowAround(last, { spanMs: spans[span].ms, at, now: roundedNow, oldest })
  if (last?.from === next.from && last.to === next.to) return last
  setLast(next)
  return next
}
