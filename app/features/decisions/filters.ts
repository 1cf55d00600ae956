'use client'

import { parseAsString, parseAsStringLiteral, useQueryStates } from 'nuqs'
import { useMemo } from 'react'

export const outcomes = ['all', 'placed', 'refused'] as const
export const spans = ['hour', 'day', 'week'] as const
type Span = (typeof spans)[number]

export const spanLabels: Record<Span, string> = {
  hour: 'Last hour',
  day: 'Last 24 hours',
  week: 'Last 7 days',
}

const spanMs: Record<Span, number> = { hour: 3_600_000, day: 86_400_000, week: 7 * 86_400_000 }

/** Rounded to whole minutes, so that the query key is stable between renders. */
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

/** The filters of the decision list, all kept in the address. */
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
