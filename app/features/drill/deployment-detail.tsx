'use client'

import { useQuery } from '@tanstack/react-query'
import Link from 'next/link'
import { RefusalNote } from '@/app/features/placement/refusal'
import { useTRPC } from '@/app/trpc'
import { QueryView } from '@/app/ui/status/query-view'
import { Loading } from '@/app/ui/status/states'
import { formatScore } from '@/app/ui/text/format'
import type { DrillReplica, DrillRow, DrillStage } from '@/core/insight/drill-report'
import type { DrillViewState } from './drill-view'

interface DeploymentDetailProps {
  row: DrillRow
  picked: DrillViewState['picked']
  stage: DrillStage
}

/** Where each replica would move, or that it would not fit. */
export function DeploymentDetail({ row, picked, stage }: DeploymentDetailProps) {
  const { name, outcome, problem, next, hit, replicas, running, waits } = row
  return (
    <div className="space-y-3">
      <p className="text-ink-2">
        {running.now} of {running.wanted} run now, {running.meanwhile} during, {running.after} after.
        {waits && ' Already waiting for capacity.'}
      </p>
      {outcome === 'no-room' ? <Refused row={row} picked={picked} stage={stage} /> : problem && <p>{problem}.</p>}
      {next && <p className="text-ink-2">{next}.</p>}
      <ul aria-label={`Replicas of ${name} there`} className="max-w-2xl">
        {replicas.map((replica) => (
          <Replica key={replica.replicaId} replica={replica} />
        ))}
        {hit > replicas.length && (
          <li className="border-t border-line py-1.5 text-ink-3">and {hit - replicas.length} more</li>
        )}
      </ul>
    </div>
  )
}

const nodeLink = ({ id, nodeId }: { id: string; nodeId: string }) => (
  <Link href={`/nodes/${id}`} prefetch={false} className="font-medium hover:underline">
    {nodeId}
  </Link>
)

function Replica({ replica: { slot, from, to } }: { replica: DrillReplica }) {
  return (
    <li className="flex flex-wrap items-baseline gap-x-3 border-t border-line py-1.5">
      <span className="w-20 shrink-0 text-ink-3">replica {slot + 1}</span>
      <span className="min-w-0">
        {nodeLink(from)} → {to ? nodeLink(to) : <span className="text-degraded">nowhere</span>}
      </span>
      {to && (
        <span className="text-meta text-ink-3">
          {to.score === null ? 'its replacement is already starting' : `score ${formatScore(to.score)}`}
        </span>
      )}
    </li>
  )
}

/** The reasons why it does not fit; computed on request, because that is slow on a large fleet. */
function Refused({ row, picked, stage }: DeploymentDetailProps) {
  const trpc = useTRPC()
  const query = useQuery({
    ...trpc.drill.explain.queryOptions({ ...picked, stage, deployment_id: row.id }),
    enabled: row.refusal === null,
  })
  if (row.refusal) return <RefusalNote refusal={row.refusal} />
  return (
    <QueryView
      query={query}
      inset
      failed="Could not load the reasons"
      loading={<Loading label="Asking the scheduler" className="py-4" />}
    >
      {(refusal) => (refusal ? <RefusalNote refusal={refusal} /> : <p>{row.problem}.</p>)}
    </QueryView>
  )
}
