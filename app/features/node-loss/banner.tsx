'use client'

import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense } from 'react'
import { useTRPC } from '@/app/trpc'

const Notices = lazy(() => import('./notices'))

/** It ends by itself when agents have had their time: nobody tells the page. */
const lookAgainMs = 5_000

/**
 * On top of every page: while so much of a region is silent at once that nothing of it is moved, and while the control plane
 * is behind with what agents send.
 */
export function OutageBanner() {
  const trpc = useTRPC()
  // Pages say themselves when the server does not answer; a banner that can't be read is none.
  const { data: protections = [] } = useQuery(trpc.outage.list.queryOptions())
  const { data: behind = null } = useQuery(
    trpc.intake.behind.queryOptions(undefined, { refetchInterval: ({ state }) => (state.data ? lookAgainMs : false) }),
  )
  if (protections.length === 0 && behind === null) return null
  return (
    <Suspense>
      <Notices protections={protections} behind={behind} />
    </Suspense>
  )
}
