'use client'

import { type RefObject, useCallback, useEffect, useRef, useState } from 'react'

/**
 * Keeps rows in the order in which the user began to read them: the same rows at the same positions with their latest
 * content. Removed rows keep their last content; new rows wait. Pure, for `useStableRows`.
 */
export function keepOrder<Row>(held: readonly Row[], latest: readonly Row[], keyOf: (row: Row) => string): Row[] {
  const byKey = new Map(latest.map((row) => [keyOf(row), row]))
  return held.map((row) => byKey.get(keyOf(row)) ?? row)
}

/** The number of rows that would appear, disappear or move if the latest ones were shown. */
export function waitingChanges<Row>(held: readonly Row[], latest: readonly Row[], keyOf: (row: Row) => string): number {
  if (held === latest) return 0
  const places = new Map(held.map((row, place) => [keyOf(row), place]))
  const kept = latest.flatMap((row) => places.get(keyOf(row)) ?? [])
  return held.length - kept.length + (latest.length - kept.length) + (kept.length - longestRise(kept))
}

/** The length of the longest increasing subsequence: the most rows that can stay in place; the rest has to move. */
function longestRise(numbers: readonly number[]): number {
  /** At n: the smallest number that ends an increasing subsequence of length n + 1. */
  const ends: number[] = []
  for (const number of numbers) {
    const at = ends.findIndex((end) => end >= number)
    if (at < 0) ends.push(number)
    else ends[at] = number
  }
  return ends.length
}

/** After this long without movement the user is not about to click. */
const stillMs = 4000

interface StableInput<Row> {
  rows: Row[]
  keyOf: (row: Row) => string
  /** The query that the rows answer: rows of another query are shown at once. */
  question: string
  body: RefObject<HTMLElement | null>
  /**
   * A list for reading: held while the pointer or the focus is in it or it is scrolled, not only shortly after
   * movement.
   */
  reading: boolean
  /** Holds the rows regardless, for example while some are selected. */
  pinned: boolean
}

/** Keeps rows in place while the user reads a table or moves through it, so that nothing moves under the cursor. */
export function useStableRows<Row>({ rows, keyOf, question, body, reading, pinned }: StableInput<Row>) {
  const [hold, setHold] = useState<{ rows: Row[]; question: string } | null>(null)
  const [touched, setTouched] = useState(false)
  const scrolled = useScrolled(body, reading)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => () => clearTimeout(timer.current), [])

  const wanted = touched || scrolled || pinned
  // Set during rendering, so that no frame shows the rows in other positions.
  if (!wanted && hold !== null) setHold(null)
  if (wanted && hold?.question !== question) setHold({ rows, question })
  const held = wanted && hold?.question === question ? hold.rows : null

  const release = useCallback((): void => {
    clearTimeout(timer.current)
    setTouched(false)
  }, [])
  const touch = (): void => {
    clearTimeout(timer.current)
    if (!reading) timer.current = setTimeout(release, stillMs)
    setTouched(true)
  }
  const latest = held && new Set(rows.map(keyOf))
  return {
    shown: held ? keepOrder(held, rows, keyOf) : rows,
    /** Whether the row is only kept: it is not among the latest rows. */
    hasGone: (row: Row) => latest !== null && !latest.has(keyOf(row)),
    /** Number of changes that wait to be shown. */
    waiting: held ? waitingChanges(held, rows, keyOf) : 0,
    show: () => setHold({ rows, question }),
    touch,
    release,
  }
}

/** Whether the start of a list has scrolled out of the window. */
function useScrolled(body: RefObject<HTMLElement | null>, watched: boolean): boolean {
  const [scrolled, setScrolled] = useState(false)
  useEffect(() => {
    if (!watched) return
    let frame = 0
    const measure = (): void => {
      frame = 0
      // The sticky head covers rows; half a row may be under it.
      setScrolled((body.current?.getBoundingClientRect().top ?? 0) < 16)
    }
    const schedule = (): void => {
      if (frame === 0) frame = requestAnimationFrame(measure)
    }
    window.addEventListener('scroll', schedule, { passive: true })
    return () => {
      cancelAnimationFrame(frame)
      window.removeEventListener('scroll', schedule)
    }
  }, [body, watched])
  return scrolled
}
