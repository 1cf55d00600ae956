'use client'

import { type RefObject, useEffect, useState } from 'react'

interface RowWindow {
  first: number
  /** Exclusive. */
  end: number
}

const overscan = 12
/** The window moves in steps of this many rows, so that it does not render at every scroll event. */
const stride = 8

/** The range of rows near the viewport, for a list of equally high rows. */
export function visibleWindow(top: number, viewport: number, rowHeight: number, count: number): RowWindow {
  const first = Math.max(0, Math.floor((Math.floor(-top / rowHeight) - overscan) / stride) * stride)
  const end = Math.min(count, Math.ceil((Math.ceil((viewport - top) / rowHeight) + overscan) / stride) * stride)
  return { first: Math.min(first, count), end: Math.max(end, Math.min(first, count)) }
}

/**
 * Virtualizes long tables: only rows near the viewport are rendered. Below `threshold` all rows are, so that
 * find-in-page and printing work.
 */
export function useRowWindow(
  body: RefObject<HTMLElement | null>,
  count: number,
  threshold = 200,
): RowWindow & { rowHeight: number } {
  const [state, setState] = useState({ first: 0, end: Math.min(count, 60), rowHeight: 32 })
  const windowed = count > threshold
  useEffect(() => {
    if (!windowed) return
    let frame = 0
    const measure = (): void => {
      frame = 0
      const element = body.current
      if (!element) return
      const row = element.querySelector<HTMLElement>('tr[data-row]')
      const rowHeight = row?.offsetHeight || 32
      const next = visibleWindow(element.getBoundingClientRect().top, window.innerHeight, rowHeight, count)
      setState((old) =>
        old.first === next.first && old.end === next.end && old.rowHeight === rowHeight ? old : { ...next, rowHeight },
      )
    }
    const schedule = (): void => {
      if (frame === 0) frame = requestAnimationFrame(measure)
    }
    measure()
    window.addEventListener('scroll', schedule, { passive: true })
    window.addEventListener('resize', schedule)
    return () => {
      cancelAnimationFrame(frame)
      window.removeEventListener('scroll', schedule)
      window.removeEventListener('resize', schedule)
    }
  }, [body, count, windowed])
  return windowed ? state : { first: 0, end: count, rowHeight: state.rowHeight }
}
