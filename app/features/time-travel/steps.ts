'use client'

import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { useTRPC } from '@/app/trpc'
import type { NearMoments } from '@/core/insight/history'
import { isoOf } from './moment'

export type Direction = 'back' | 'on'

/** Moments of change that are known to follow each other without a gap; milliseconds since 1970. */
interface KnownMoments {
  moments: number[]
  /** Nothing changed before the first, or after the last of them. */
  complete: Record<Direction, boolean>
}

/** How many are asked for on each side: a key that is held down does not wait for the server at each of them. */
const asked = 40

export function knownMoments({ at, before, after }: NearMoments): KnownMoments {
  return {
    moments: [...before, at, ...after].map((moment) => Date.parse(moment)),
    complete: { back: before.length < asked, on: after.length < asked },
  }
}

/** The next change; `edge` when there is none, null while that is not known yet. */
export function stepFrom(known: KnownMoments | null, at: number, direction: Direction): number | 'edge' | null {
  const { moments = [], complete } = known ?? {}
  const first = moments[0]
  const last = moments.at(-1)
  if (first === undefined || last === undefined || at < first || at > last) return null
  const next = direction === 'back' ? moments.findLast((one) => one < at) : moments.find((one) => one > at)
  return next ?? (complete?.[direction] ? 'edge' : null)
}

/** The changes around a moment, of everything or of one deployment. */
export function useKnownMoments(at: number, deploymentId: string | undefined): KnownMoments | null {
  const trpc = useTRPC()
  const { data } = useQuery({
    ...trpc.history.near.queryOptions({ at: isoOf(at), limit: asked, ...(deploymentId && { deploymentId }) }),
    // Of the moment before, as long as the answer for this one is on its way: they overlap.
    placeholderData: keepPreviousData,
  })
  return useMemo(() => (data ? knownMoments(data) : null), [data])
}
