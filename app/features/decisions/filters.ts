'use client'

import { parseAsString, parseAsStringLiteral, useQueryStates } from 'nuqs'
import { useMemo } from 'react'

export const outcomes = ['all', 'placed', 'refused'] as const
export const spans = ['hour', 'day', 'week'] as const
type Span = (typeof spans)[number]

export const spanLabels: Record<Span, string> = {
  hour: 'The last hour',
  day: 'The last 24 hours',
  week: 'The last 7 days',
}

const spanMs: Record<Span, number> = { hour: 3_600_000, day: 86_400_000, week: 7 * 86_400_000 }

/** Whole minutes, so that the question stays the same from one render to the next. */
const minuteMs = 60_000

const beginningOf = (span: Span, nowMs: number): string =>
  new Date(Math.floor((nowMs - spanMs[span]) / minuteMs) * minuteMs).toISOString()

const parameters = {
  q: parseAsString.withDefault(''),
  outcome: parseAsStringLiteral(outcomes).withDefault('all'),
  trigger: parseAsString.withDefault(''),
  since: parseAsStringLiteral(spans),
  node: parseAsString.withDefault(''),
  /** The page starts after this decision. */
  older: parseAsString,
}

/** Which decisions are looked at; all of it is in the address. */
export function useDecisionFilters() {
  const [filters, setFilters] = useQueryStates(parameters)
  const { q, outcome, trigger, since, node } = filters
  const asked = useMemo(
    () => ({
      ...(q ? { deployment: q } : {}),
      ...(outcome === 'all' ? {} : { outcome }),
      ...(trigger ? { trigger } : {}),
      ...(since ? { after: beginningOf(since, Date.now()) } : {}),
      ...(node ? { node } : {}),
    }),
    [q, outcome, trigger, since, node],
  )
  return { filters, setFilters, asked, isFiltered: Object.keys(asked).length > 0 }
}

export type DecisionFilters = ReturnType<typeof useDecisionFilters>
