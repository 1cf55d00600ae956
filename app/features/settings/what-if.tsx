'use client'

import { useQuery } from '@tanstack/react-query'
import Link from 'next/link'
import { useTRPC } from '@/app/trpc'
import { ErrorState, Loading } from '@/app/ui/status/states'
import { formatList, plural } from '@/app/ui/text/format'
import { Time } from '@/app/ui/text/time'
import type { PolicyInput } from './policy-input'

const usesWeight = 100
const shown = 20

/** The results of recent decisions under another policy, each on the fleet that it saw. */
export function WhatIf({ policy }: { policy: PolicyInput }) {
  const trpc = useTRPC()
  const { data, error, refetch } = useQuery(trpc.decision.whatIf.queryOptions({ policy, newest: usesWeight }))
  if (error && !data)
    return <ErrorState error={error} what="Could not try the policy" onRetry={() => void refetch()} className="px-0" />
  if (!data) return <Loading label="Replaying decisions" />
  if (data.examined === 0) return <p className="text-ink-2">No decisions yet to try it on.</p>
  return (
    <section aria-label="Changed decisions">
      <p role="status">
        {data.changes.length === 0
          ? `None of the newest ${plural(data.examined, 'decision')} would change.`
          : `${data.changes.length} of the newest ${plural(data.examined, 'decision')} would change:`}
      </p>
      <ul className="mt-1">
        {data.changes.slice(0, shown).map(({ decisionId, deploymentId, createdAt, leaves, comes }) => (
          <li key={decisionId} className="flex flex-wrap justify-between gap-x-4 border-t border-line py-1.5">
            <span className="min-w-0 text-ink-2">
              {comes.length > 0 ? formatList(comes) : 'nothing'}
              {leaves.length > 0 && ` instead of ${formatList(leaves)}`}
            </span>
            <Link
              href={`/deployments/${deploymentId}?tab=decision&decision=${decisionId}`}
              prefetch={false}
              className="underline decoration-control underline-offset-2 hover:decoration-ink"
            >
              decided <Time at={createdAt} />
            </Link>
          </li>
        ))}
      </ul>
      {data.changes.length > shown && <p className="text-ink-3">and {data.changes.length - shown} more</p>}
    </section>
  )
}
