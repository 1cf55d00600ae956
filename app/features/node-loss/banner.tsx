'use client'

import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense } from 'react'
import { useTRPC } from '@/app/trpc'

const Notices = lazy(() => import('./notices'))

/** Polled, because no event announces the end of outage protection. */
const askAgainMs = 5_000

/**
 * Shown on top of every page while outage protection holds the replicas of a region, and while the control plane is
 * behind with reports from agents.
 */
export function OutageBanner() {
  const trpc = useTRPC()
  // Pages report an unreachable server themselves, so the banner stays silent about errors.
  const { data: protections = [] } = useQuery(trpc.outage.list.queryOptions())
  const { data: behind = null } = useQuery(
    trpc.intake.behind.queryOptions(undefined, { refetchInterval: ({ state }) => (state.data ? askAgainMs : false) }),
  )
  if (protections.length === 0 && behind === null) return null
  return (
    <Suspense>
      <Notices protections={protections} behind={behind} />
    </Suspense>
  )
}
