'use client'

import { useCallback, useEffect, useRef, useState } from 'react'

/**
 * Rows in the order in which they were when somebody put a finger on them: the same rows at the same places, each with
 * its latest content; what has gone keeps its last content, what is new waits. Pure, for `useSteadyRows`.
 */
export function keepOrder<Row>(held: readonly Row[], latest: readonly Row[], keyOf: (row: Row) => string): Row[] {
  const byKey = new Map(latest.map((row) => [keyOf(row), row]))
  return held.map((row) => byKey.get(keyOf(row)) ?? row)
}

/** Who does not move for so long is not about to click. */
const stillMs = 4000

interface SteadyInput<Row> {
  rows: Row[]
  keyOf: (row: Row) => string
  /** What the rows were asked for: another question is answered at once. */
  question: string
}

/** Nothing moves under the cursor: while the pointer moves over a table, or someone walks through it, rows stay put. */
export function useSteadyRows<Row>({ rows, keyOf, question }: SteadyInput<Row>) {
  const [hold, setHold] = useState<{ rows: Row[]; question: string } | null>(null)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const held = hold !== null && hold.question === question
  const shown = held ? keepOrder(hold.rows, rows, keyOf) : rows

  const release = useCallback((): void => {
    clearTimeout(timer.current)
    setHold(null)
  }, [])
  useEffect(() => () => clearTimeout(timer.current), [])

  const touch = (): void => {
    clearTimeout(timer.current)
    timer.current = setTimeout(release, stillMs)
    if (!held) setHold({ rows: shown, question })
  }
  return { shown, touch, release }
}
