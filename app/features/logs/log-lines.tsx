'use client'

import { ArrowDown } from 'lucide-react'
import { type RefObject, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react'
import { Button } from '@/app/ui/button'
import { cn } from '@/app/ui/cn'
import { Line, type Source } from './line'
import { firstAfter, type LogRow } from './log-buffer'
import { evenLayout, type LogLayout, wrappedLayout } from './row-layout'

interface LogLinesProps {
  rows: readonly LogRow[]
  sources: ReadonlyMap<string, Source>
  times: boolean
  wrap: boolean
  query: string
  /** The place of the row that is looked at; scrolled to when it changes. */
  current: number | null
  follow: boolean
  onFollow: (follow: boolean) => void
  className?: string
}

const overscan = 20
/** From the bottom, in px: so near to it counts as there. */
const nearBottom = 12
/** The scrolling that was under way when following began may go on for so long, and does not end it. */
const rollingOnMs = 400

/** Only what is near the window is in the page, however long the log is. */
export function LogLines({ rows, sources, times, wrap, query, current, follow, onFollow, className }: LogLinesProps) {
  const scroller = useRef<HTMLElement>(null)
  const size = useSize(scroller, `${times} ${sources.size > 1}`)
  const layout = useMemo(
    () => (wrap ? wrappedLayout(rows, size.columns) : evenLayout(rows.length)),
    [rows, wrap, size.columns],
  )
  const widest = useMemo(
    () => (wrap ? 0 : rows.reduce((most, row) => Math.max(most, row.plain.length), 0)),
    [rows, wrap],
  )
  const [scrolled, setScrolled] = useState(0)
  const keepPlace = usePlace(scroller, { rows, layout, follow })
  const target = current === null ? null : rows[current]
  const begun = useFollowedSince(scroller, follow)

  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each row that is looked at, not for each that comes
  useEffect(() => {
    const element = scroller.current
    if (!element || current === null) return
    element.scrollTop = layout.topOf(current) - element.clientHeight / 3
  }, [target?.key])

  // Where it will be once it is drawn: the page need not hear of the scrolling first.
  const top = follow ? Math.max(0, layout.height - size.height) : scrolled
  const first = Math.max(0, layout.indexAt(top) - overscan)
  const end = Math.min(rows.length, layout.indexAt(top + size.height) + overscan + 1)
  return (
    <div className={cn('relative min-h-0', className)}>
      <section
        ref={scroller}
        aria-label="Lines"
        // A region that scrolls has to be reachable with the keyboard.
        // biome-ignore lint/a11y/noNoninteractiveTabindex: see above
        tabIndex={0}
        data-log
        onScroll={({ currentTarget }) => {
          const { scrollTop, scrollHeight, clientHeight } = currentTarget
          setScrolled(scrollTop)
          keepPlace()
          const atBottom = scrollHeight - scrollTop - clientHeight < nearBottom
          const rollsOn = follow && performance.now() - begun.current < rollingOnMs
          if (!atBottom && rollsOn) currentTarget.scrollTop = scrollHeight
          else if (atBottom !== follow) onFollow(atBottom)
        }}
        className="log-lines h-full overflow-auto bg-bg py-1 font-mono text-meta focus-visible:-outline-offset-2"
      >
        <div
          style={{ height: layout.height, minWidth: wrap ? undefined : `calc(${widest}ch + var(--log-prefix))` }}
          className={cn('relative', sources.size <= 1 && 'log-one', !times && 'log-timeless')}
        >
          {rows.slice(first, end).map((row, i) => (
            <Line
              key={row.key}
              row={row}
              top={layout.topOf(first + i)}
              height={layout.topOf(first + i + 1) - layout.topOf(first + i)}
              source={sources.size > 1 ? sources.get(row.replicaId) : undefined}
              times={times}
              wrap={wrap}
              query={query}
              current={row === target}
            />
          ))}
          <span data-measure aria-hidden className="invisible absolute left-0 whitespace-pre">
            {'0'.repeat(100)}
          </span>
          <span data-prefix aria-hidden className="invisible absolute left-0 w-(--log-prefix)" />
        </div>
      </section>
      {!follow && rows.length > 0 && (
        <Button
          icon={<ArrowDown size={14} aria-hidden />}
          onClick={() => onFollow(true)}
          className="absolute right-5 bottom-4 bg-raised shadow-overlay"
        >
          Follow
        </Button>
      )}
    </div>
  )
}

/** Whoever does one of these means what follows. */
const scrollsAnew = ['keydown', 'wheel', 'pointerdown', 'touchmove'] as const

/** When following began anew, as long as nobody scrolls on purpose since; at first it had not to begin. */
function useFollowedSince(scroller: RefObject<HTMLElement | null>, follow: boolean): RefObject<number> {
  const since = useRef(Number.NEGATIVE_INFINITY)
  const before = useRef(follow)
  useLayoutEffect(() => {
    if (follow && !before.current) since.current = performance.now()
    before.current = follow
  }, [follow])
  useEffect(() => {
    const element = scroller.current
    const forget = (): void => {
      since.current = Number.NEGATIVE_INFINITY
    }
    for (const event of scrollsAnew) element?.addEventListener(event, forget, { passive: true })
    return () => {
      for (const event of scrollsAnew) element?.removeEventListener(event, forget)
    }
  }, [scroller])
  return since
}

/** How high the window of the lines is, and how many columns a line has there. */
function useSize(scroller: RefObject<HTMLElement | null>, shown: string): { height: number; columns: number } {
  const [size, setSize] = useState({ height: 400, columns: 120 })
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is shown before the text takes room from it
  useLayoutEffect(() => {
    const element = scroller.current
    if (!element) return
    const measure = (): void => {
      const widthOf = (part: string): number => element.querySelector(part)?.getBoundingClientRect().width ?? 0
      const column = widthOf('[data-measure]') / 100 || 7
      const columns = Math.floor((element.clientWidth - widthOf('[data-prefix]')) / column)
      setSize({ height: element.clientHeight, columns: Math.max(10, columns) })
    }
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    return () => observer.disconnect()
  }, [scroller, shown])
  return size
}

interface Placed {
  rows: readonly LogRow[]
  layout: LogLayout
  follow: boolean
}

/**
 * After every change of the lines: at the end while they are followed; else the line that was on top stays where it was,
 * whatever came, went or was broken otherwise. The answer is to be called when the reader scrolls.
 */
function usePlace(scroller: RefObject<HTMLElement | null>, { rows, layout, follow }: Placed): () => void {
  const place = useRef<{ row: LogRow; below: number } | null>(null)
  const note = (): void => {
    const element = scroller.current
    const index = layout.indexAt(element?.scrollTop ?? 0)
    const row = rows[index]
    place.current = element && row ? { row, below: element.scrollTop - layout.topOf(index) } : null
  }
  // biome-ignore lint/correctness/useExhaustiveDependencies: it looks at what is on the page, after each such change
  useLayoutEffect(() => {
    const element = scroller.current
    if (!element) return
    if (follow) element.scrollTop = element.scrollHeight
    else if (place.current) {
      const { row, below } = place.current
      const top = layout.topOf(indexOf(rows, row)) + below
      if (Math.abs(element.scrollTop - top) > 1) element.scrollTop = top
    }
    note()
  }, [rows, layout, follow])
  return note
}

/** Where the row is by now; where it would be, when it is not there any more. */
function indexOf(rows: readonly LogRow[], row: LogRow): number {
  let index = firstAfter(rows, row.at, true)
  while (rows[index]?.at === row.at && rows[index] !== row) index += 1
  return Math.min(index, Math.max(0, rows.length - 1))
}
