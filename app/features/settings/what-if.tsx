'use client'

import { useQuery } from '@tanstack/react-query'
import Link from 'next/link'
import { useTRPC } from '@/app/trpc'
import { QueryView } from '@/app/ui/status/query-view'
import { formatList, plural } from '@/app/ui/text/format'
import { Time } from '@/app/ui/text/time'
import type { WhatIfReport } from '@/core/views/decisions'
import type { PolicyInput } from './policy-input'

const usesWeight = 100
const shown = 20

/** The results of recent decisions under another policy, each on the fleet that it saw. */
export function WhatIf({ policy }: { policy: PolicyInput }) {
  const trpc = useTRPC()
  const query = useQuery(trpc.decision.whatIf.queryOptions({ policy, newest: usesWeight }))
  return (
    <QueryView query={query} inset failed="Could not try the policy" loading="Replaying decisions">
      {(report) => <Changes report={report} />}
    </QueryView>
  )
}

function Changes({ report: { examined, changes } }: { report: WhatIfReport }) {
  if (examined === 0) return <p className="text-ink-2">No decisions yet to try it on.</p>
  return (
    <section aria-label="Changed decisions">
      <p role="status">
        {changes.length === 0
          ? `None of the newest ${plural(examined, 'decision')} would change.`
          : `${changes.length} of the newest ${plural(examined, 'decision')} would change:`}
      </p>
      <ul className="mt-1">
        {changes.slice(0, shown).map(({ decisionId, deploymentId, createdAt, leaves, comes }) => (
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
      {changes.length > shown && <p className="text-ink-3">and {changes.length - shown} more</p>}
    </section>
  )
}
