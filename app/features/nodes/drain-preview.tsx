'use client'

import { ruleLabels } from '@/app/features/placement/labels'
import { StatusIcon } from '@/app/ui/status/status-icon'
import { formatScore, plural } from '@/app/ui/text/format'
import type { DrainPreview, DrainPreviewReplica } from '@/core/views/nodes'

/** Rules and how many nodes fail each: "Too little CPU: 3 nodes · Cordoned: 1 node". */
export const reasonsText = (reasons: DrainPreviewReplica['reasons']): string =>
  // The drained nodes never qualify, so they are left out.
  reasons
    .filter(({ rule }) => rule !== 'draining')
    .map(({ rule, count }) => `${ruleLabels[rule]}: ${plural(count, 'node')}`)
    .join(' · ')

/** Where each replica would move, or why it can't. */
export function DrainPreviewList({ preview, several }: { preview: DrainPreview; several: boolean }) {
  const { replicas } = preview
  const blocked = replicas.filter(({ to }) => to === null).length
  return (
    <div className="space-y-3">
      <p role="status" className="flex items-start gap-2 font-medium">
        <StatusIcon
          name={blocked === 0 ? 'running' : 'partial'}
          className={blocked === 0 ? 'mt-[3px] shrink-0 text-healthy' : 'mt-[3px] shrink-0 text-degraded'}
        />
        {summaryOf(replicas.length, blocked)}
      </p>
      {replicas.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable region has to be reachable
        <ul aria-label="Where its replicas would move" tabIndex={0} className="max-h-72 overflow-y-auto">
          {replicas.map((replica) => (
            <li key={replica.replicaId} className="border-t border-line py-1.5">
              <div className="flex flex-wrap items-baseline justify-between gap-x-4">
                <span className="min-w-0 truncate">
                  {replica.deploymentName}
                  <span className="text-meta text-ink-3"> replica {replica.slot + 1}</span>
                  {several && <span className="text-meta text-ink-3"> on {replica.from.nodeId}</span>}
                </span>
                <Destination replica={replica} />
              </div>
              {replica.problem && (
                <p className="text-meta text-ink-2">
                  {replica.problem}
                  {replica.reasons.length > 0 && ` (${reasonsText(replica.reasons)})`}
                </p>
              )}
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

function summaryOf(all: number, blocked: number): string {
  if (all === 0) return 'Nothing runs there. The drain completes at once.'
  if (blocked === 0) return `Everything fits elsewhere: ${plural(all, 'replica')} would move.`
  return `${all - blocked} of ${plural(all, 'replica')} would move; ${blocked} would stay until there is capacity.`
}

function Destination({ replica: { to } }: { replica: DrainPreviewReplica }) {
  if (to === null) return <span className="text-degraded">stays</span>
  return (
    <span className="whitespace-nowrap text-ink-2">
      → <span className="font-medium text-ink">{to.nodeId}</span>
      {to.score !== null && <span className="text-meta text-ink-3"> score {formatScore(to.score)}</span>}
    </span>
  )
}
