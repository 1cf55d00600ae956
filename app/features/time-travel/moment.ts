'use client'

import { createParser, useQueryState } from 'nuqs'
import { useCallback } from 'react'

const parseMoment = createParser<number>({
  parse: (text) => {
    const at = Date.parse(text)
    return Number.isNaN(at) ? null : at
  },
  serialize: (at) => new Date(at).toISOString(),
})

export interface Moment {
  /** Milliseconds since 1970; null is now. */
  at: number | null
  go: (at: number | null) => void
}

/** The shown time. It is kept in the address, so links to the past work and Back leaves it. */
export function useMoment(): Moment {
  const [at, set] = useQueryState('at', parseMoment)
  const past = at !== null
  const go = useCallback(
    (next: number | null) => void set(next, { history: past === (next !== null) ? 'replace' : 'push' }),
    [set, past],
  )
  return { at, go }
}

export const isoOf = (at: number): string => new Date(at).toISOString()
