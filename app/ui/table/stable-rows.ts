'use client'

import { type RefObject, useCallback, useEffect, useRef, useState } from 'react'

/**
 * Rows in the order in which they were when somebody began to read them: the same rows at the same places, each with
 * its latest content; what has gone keeps its last content, what is new waits. Pure, for `useStableRows`.
 */
export function keepOrder<Row>(held: readonly Row[], latest: readonly Row[], keyOf: (row: Row) => string): Row[] {
  const byKey = new Map(latest.map((row) => [keyOf(row), row]))
  return held.map((row) => byKey.get(keyOf(row)) ?? row)
}

/** How many rows would appear, go or change places if the latest ones were shown. */
export function waitingChanges<Row>(held: readonly Row[], latest: readonly Row[], keyOf: (row: Row) => string): number {
  if (held === latest) return 0
  const places = new Map(held.map((row, place) => [keyOf(row), place]))
  const kept = latest.flatMap((row) => places.get(keyOf(row)) ?? [])
  return held.length - kept.length + (latest.length - kept.length) + (kept.length - longestRise(kept))
}

/** The most numbers that can stay where they are: the rest has to move for all of them to rise. */
function longestRise(numbers: readonly number[]): number {
  /** At n: the smallest number with which a rise of n + 1 can end. */
  const ends: number[] = []
  for (const number of numbers) {
    const at = ends.findIndex((end) => end >= number)
    if (at < 0) ends.push(number)
    else ends[at] = number
  }
  return ends.length
}

/** Who does not move for so long is not about to click. */
const stillMs = 4000

interface StableInput<Row> {
  rows: Row[]
  keyOf: (row: Row) => string
  /** What the rows were asked for: another question is answered at once. */
  question: string
  body: RefObject<HTMLElement | null>
  /** A list that is read: held as long as the pointer or the focus is in it, or it is scrolled; not only while clicked at. */
  reading: boolean
  /** Held in any case, for example while rows are selected. */
  pinned: boolean
}

/** Nothing moves under the cursor: while someone reads a table, or walks through it, rows stay put. */
export function useStableRows<Row>({ rows, keyOf, question, body, reading, pinned }: StableInput<Row>) {
  const [hold, setHold] = useState<{ rows: Row[]; question: string } | null>(null)
  const [touched, setTouched] = useState(false)
  const scrolled = useScrolled(body, reading)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => () => clearTimeout(timer.current), [])

  const wanted = touched || scrolled || pinned
  // While rendering, so that no frame shows the rows at other places in between.
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
    /** Whether a row is shown as it last was, because it is not among the latest ones. */
    hasGone: (row: Row) => latest !== null && !latest.has(keyOf(row)),
    /** Changes that wait to be shown. */
    waiting: held ? waitingChanges(held, rows, keyOf) : 0,
    show: () => setHold({ rows, question }),
    touch,
    release,
  }
}

/** Whether the beginning of a list has left the window. */
function useScrolled(body: RefObject<HTMLElement | null>, watched: boolean): boolean {
  const [scrolled, setScrolled] = useState(false)
  useEffect(() => {
    if (!watched) return
    let frame = 0
    const measure = (): void => {
      frame = 0
      // The head of the table sticks above its rows; half a row may be under it.
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
