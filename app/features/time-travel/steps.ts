'use client'

import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { useTRPC } from '@/app/trpc'
import type { NearMoments } from '@/core/insight/history'
import { isoOf } from './moment'

export type Direction = 'back' | 'on'

/** Times of consecutive changes, without a gap; milliseconds since 1970. */
interface KnownMoments {
  moments: number[]
  /** Whether there are no changes before the first or after the last of them. */
  complete: Record<Direction, boolean>
}

/** How many changes are loaded on each side, so that a held key does not wait for the server at each step. */
const asked = 40

export function knownMoments({ at, before, after }: NearMoments): KnownMoments {
  return {
    moments: [...before, at, ...after].map((moment) => Date.parse(moment)),
    complete: { back: before.length < asked, on: after.length < asked },
  }
}

/** The next change; `edge` when there is none, null while unknown. */
export function stepFrom(known: KnownMoments | null, at: number, direction: Direction): number | 'edge' | null {
  const { moments = [], complete } = known ?? {}
  const first = moments[0]
  const last = moments.at(-1)
  if (first === undefined || last === undefined || at < first || at > last) return null
  const next = direction === 'back' ? moments.findLast((one) => one < at) : moments.find((one) => one > at)
  return next ?? (complete?.[direction] ? 'edge' : null)
}

/** The changes around a time, of the fleet or of one deployment. */
export function useKnownMoments(at: number, deploymentId: string | undefined): KnownMoments | null {
  const trpc = useTRPC()
  const { data } = useQuery({
    ...trpc.history.near.queryOptions({ at: isoOf(at), limit: asked, ...(deploymentId && { deploymentId }) }),
    // Keeps the changes around the previous time while loading: the two lists overlap.
    placeholderData: keepPreviousData,
  })
  return useMemo(() => (data ? knownMoments(data) : null), [data])
}
