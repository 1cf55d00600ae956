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
  /** Index of the highlighted row; changes scroll to it. */
  current: number | null
  follow: boolean
  onFollow: (follow: boolean) => void
  className?: string
}

const overscan = 20
/** Within this distance of the bottom, in px, the view counts as at the end. */
const nearBottom = 12
/** Scroll events this soon after following began are leftovers and don't end it. */
const rollingOnMs = 400

/** Renders only the rows near the window, however long the log is. */
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

  // The position after rendering, without waiting for the scroll event.
  const top = follow ? Math.max(0, layout.height - size.height) : scrolled
  const first = Math.max(0, layout.indexAt(top) - overscan)
  const end = Math.min(rows.length, layout.indexAt(top + size.height) + overscan + 1)
  return (
    <div className={cn('relative min-h-0', className)}>
      <section
        ref={scroller}
        aria-label="Lines"
        // A scrollable region must be reachable with the keyboard.
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

/** Events that show deliberate scrolling. */
const scrollsAnew = ['keydown', 'wheel', 'pointerdown', 'touchmove'] as const

/** When following resumed, until the user scrolls deliberately; null at first. */
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

/** The height of the viewport and the number of columns of a line. */
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
 * Runs after every change of the rows: while following, scrolls to the end; otherwise keeps the top row in place,
 * whatever was added, removed or rewrapped. Call the returned function when the user scrolls.
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

/** The current position of a row; if the row is gone, the position where it would be. */
function indexOf(rows: readonly LogRow[], row: LogRow): number {
  let index = firstAfter(rows, row.at, true)
  while (rows[index]?.at === row.at && rows[index] !== row) index += 1
  return Math.min(index, Math.max(0, rows.length - 1))
}
