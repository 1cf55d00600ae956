'use client'

import { ChevronLeft, ChevronRight } from 'lucide-react'
import { type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from 'react'
import { Button } from '@/app/ui/button'
import { useSettled } from '@/app/ui/settled'
import { momentTime } from '@/app/ui/text/time'
import type { Scale } from './axis'
import type { Moment } from './moment'
import { Play } from './play'
import { type Direction, stepFrom, useKnownMoments } from './steps'
import type { TimeWindow } from './window'

interface ScrubberProps extends TimeWindow, Moment {
  /** Maps times to positions; linear without it. */
  scale?: Scale
  /** Stops only at changes of this deployment. */
  deploymentId?: string
  /** Drawn above the slider, over the same width. */
  children?: ReactNode
}

/** Number of slider positions: finer than any screen. */
const places = 10_000
/** How long the thumb must rest before the page loads that time. */
const restMs = 150
/** How often the latest events are loaded while the slider is at now. */
const newsMs = 5_000
/** The step of PageUp and PageDown. */
const pagesPerWindow = 10

export const evenScale = ({ from, to }: Omit<TimeWindow, 'endsNow'>): Scale => ({
  position: (at) => Math.min(100, Math.max(0, ((at - from) / (to - from)) * 100)),
  moment: (position) => Math.round(from + ((to - from) * position) / 100),
})

/** Selects a time, by dragging or by stepping from change to change. */
export function Scrubber({ at, go, from, to, endsNow, scale, deploymentId, children }: ScrubberProps) {
  const [held, hold] = useHeld(at, go)
  const [direction, setSubscription] = useState<Direction | null>(null)
  const known = useKnownMoments(useSettled(held ?? Math.ceil(to / newsMs) * newsMs, restMs), deploymentId)
  const { position, moment } = scale ?? evenScale({ from, to })
  const end = endsNow ? null : to
  const within = (next: number): number | null => (next >= to ? end : Math.max(from, Math.round(next)))

  const step = (direction: Direction): void => {
    const next = stepFrom(known, held ?? to, direction)
    setSubscription(next === null ? direction : null)
    if (next === 'edge') hold(direction === 'on' ? null : Math.min(held ?? to, from))
    else if (next !== null) hold(next)
  }
  // A step whose target is still unknown is taken as soon as it is known.
  if (direction !== null && stepFrom(known, held ?? to, direction) !== null) step(direction)
  const onKeyDown = (event: KeyboardEvent): void => {
    const act = keys({ step, page: (pages) => hold(within((held ?? to) + (pages * (to - from)) / pagesPerWindow)) })[
      event.key
    ]
    if (event.key === 'Home') hold(from)
    else if (event.key === 'End') hold(end)
    else if (act) act()
    else return
    event.preventDefault()
  }
  const shownTime = held === null ? 'now' : momentTime(held)
  return (
    <div>
      {children}
      <input
        type="range"
        className="scrubber"
        aria-label="Time"
        min={0}
        max={places}
        value={Math.round((position(held ?? to) / 100) * places)}
        aria-valuetext={shownTime}
        onKeyDown={onKeyDown}
        onChange={(event) => hold(within(moment((event.target.valueAsNumber / places) * 100)))}
      />
      <div className="mt-1 flex flex-wrap items-center gap-x-1 gap-y-2">
        <Button
          size="sm"
          variant="ghost"
          aria-label="Previous change"
          icon={<ChevronLeft size={16} aria-hidden />}
          onClick={() => step('back')}
        />
        <Play playable={held !== null} next={() => step('on')} />
        <Button
          size="sm"
          variant="ghost"
          aria-label="Next change"
          blocked={held === null ? 'Live.' : null}
          icon={<ChevronRight size={16} aria-hidden />}
          onClick={() => step('on')}
        />
        <p className="px-2 font-medium">{held === null ? 'Now' : shownTime}</p>
        <p className="text-meta text-ink-3 max-sm:hidden">
          Arrow keys step from change to change, Page keys by a tenth, Home and End to the ends.
        </p>
      </div>
    </div>
  )
}

const keys = (act: { step: (direction: Direction) => void; page: (pages: number) => void }) =>
  ({
    ArrowLeft: () => act.step('back'),
    ArrowDown: () => act.step('back'),
    ArrowRight: () => act.step('on'),
    ArrowUp: () => act.step('on'),
    PageDown: () => act.page(-1),
    PageUp: () => act.page(1),
  }) as Record<string, (() => void) | undefined>

/** The thumb's position. The page follows once the thumb rests; when the page changes its time, the thumb follows. */
function useHeld(at: number | null, go: (at: number | null) => void) {
  const [held, hold] = useState(at)
  const [known, setKnown] = useState(at)
  /** The time that the page was sent to and has not reached yet. */
  const [sent, setSent] = useState<number | null>()
  if (known !== at) {
    setKnown(at)
    setSent(undefined)
    if (at !== sent) hold(at)
  }
  const latest = useRef({ at, held, go })
  useEffect(() => {
    latest.current = { at, held, go }
  })
  const settled = useSettled(held, restMs)
  useEffect(() => {
    const now = latest.current
    if (settled !== now.held || settled === now.at) return
    setSent(settled)
    now.go(settled)
  }, [settled])
  return [held, hold] as const
}
