'use client'

import Link from 'next/link'
import { useMemo } from 'react'
import { ButtonLink } from '@/app/ui/button'
import { SimulatedMark } from '@/app/ui/status/simulated-mark'
import { Empty } from '@/app/ui/status/states'
import { nodeStyles, StatusBadge } from '@/app/ui/status/status'
import type { Column } from '@/app/ui/table/column'
import { RowLink } from '@/app/ui/table/row-link'
import { Table } from '@/app/ui/table/table'
import { CopyId } from '@/app/ui/text/copy'
import { formatScore, plural } from '@/app/ui/text/format'
import { Time } from '@/app/ui/text/time'
import type { DeploymentDetail, ReplicaView } from '@/core/views/deployments'
import { originOf, splitAttempts } from './attempts'
import { logHref, titleOf } from './logs/sources'
import { isRefused } from './refused'
import { ReplicaNote } from './replica-note'
import { replicaStateStyle } from './replica-state'

export function PlacementTab({ deployment }: { deployment: DeploymentDetail }) {
  const { current, ended } = splitAttempts(deployment)
  const columns = useMemo(
    () => replicaColumns(deployment.id, deployment.replicas),
    [deployment.id, deployment.replicas],
  )
  return (
    <>
      {current.length > 0 ? (
        <Table caption="Replicas" columns={columns} rows={current} rowKey={(row) => row.id} keyboard />
      ) : (
        <Empty
          title="No replicas"
          action={
            isRefused(deployment) && (
              <ButtonLink href={`/deployments/${deployment.id}?tab=decision`}>
                See why, and how to make it fit
              </ButtonLink>
            )
          }
        >
          {whyNone(deployment)}
        </Empty>
      )}
      {ended.length > 0 && (
        <details className="group">
          <summary className="flex h-10 list-none items-center gap-2 px-4 text-ink-2 hover:text-ink md:px-6 [&::-webkit-details-marker]:hidden">
            <span aria-hidden className="text-ink-3 transition-transform group-open:rotate-90">
              ›
            </span>
            {plural(ended.length, 'previous instance')}
          </summary>
          <Table caption="Previous instances" columns={columns} rows={ended} rowKey={(row) => row.id} />
        </details>
      )}
    </>
  )
}

function whyNone({ status, targetReplicas, waiting }: DeploymentDetail): string {
  if (status === 'deleted') return 'This deployment was deleted.'
  if (targetReplicas === 0) return 'Scaled to zero.'
  if (status === 'failed') return 'It was not placed.'
  if (waiting?.kind === 'capacity') return 'Waiting for capacity. It is placed as soon as there is enough.'
  return 'The scheduler has not placed it yet.'
}

function replicaColumns(deploymentId: string, replicas: readonly ReplicaView[]): Column<ReplicaView>[] {
  return [
    {
      id: 'replica',
      header: 'Replica',
      width: 'clamp(72px, 9vw, 124px)',
      cell: (row) => {
        const { text, attempt } = originOf(row, replicas)
        return (
          <span title={text ?? undefined}>
            {row.slot + 1}
            {attempt > 1 && <span className="text-ink-3"> (attempt {attempt})</span>}
          </span>
        )
      },
    },
    {
      id: 'status',
      header: 'Status',
      cell: (row) => (
        <span className="flex min-w-0 items-center gap-2">
          <StatusBadge statusStyle={replicaStateStyle(row)} title={row.reason ?? undefined} />
          <ReplicaNote row={row} replicas={replicas} />
        </span>
      ),
    },
    {
      id: 'node',
      header: 'Node',
      width: 'clamp(124px, 20vw, 270px)',
      cell: ({ node }) => (
        <span className="flex min-w-0 items-center gap-2">
          <RowLink href={`/nodes/${node.id}`}>{node.nodeId}</RowLink>
          <span className="truncate text-meta text-ink-3 max-sm:hidden">{node.region}</span>
          {node.status === 'offline' ? (
            <StatusBadge statusStyle={nodeStyles.offline} className="text-meta" />
          ) : (
            node.simulated && <SimulatedMark short />
          )}
        </span>
      ),
    },
    { id: 'ports', header: 'Ports', width: '13%', from: 'md', cell: (row) => <Ports row={row} /> },
    {
      id: 'container',
      header: 'Container',
      width: '116px',
      from: 'lg',
      cell: ({ containerId }) =>
        containerId ? (
          <CopyId id={containerId} shown={10} what="container id" />
        ) : (
          <span className="text-ink-3">–</span>
        ),
    },
    {
      id: 'log',
      header: 'Log',
      width: '64px',
      from: 'sm',
      cell: (row) => (
        <Link
          href={logHref(deploymentId, row)}
          aria-label={`Log of replica ${titleOf(row, replicas)}`}
          className="text-ink-2 underline decoration-line underline-offset-2 hover:text-ink"
        >
          Log
        </Link>
      ),
    },
    {
      id: 'score',
      header: 'Score',
      width: '72px',
      align: 'right',
      from: 'md',
      cell: ({ score, decisionId }) =>
        score === null ? (
          '–'
        ) : (
          <Link
            href={`/deployments/${deploymentId}?tab=decision${decisionId ? `&decision=${decisionId}` : ''}`}
            prefetch={false}
            title="View score"
            className="underline decoration-control underline-offset-2 hover:decoration-ink"
          >
            {formatScore(score)}
          </Link>
        ),
    },
    {
      id: 'since',
      header: 'Started',
      width: '112px',
      align: 'right',
      from: 'sm',
      cell: ({ startedAt, finishedAt, createdAt }) => (
        <span className="text-ink-2" title={finishedAt ? 'Ended' : undefined}>
          {startedAt || finishedAt ? <Time at={finishedAt ?? startedAt ?? createdAt} /> : '–'}
        </span>
      ),
    },
  ]
}

function Ports({ row: { ports, node, status } }: { row: ReplicaView }) {
  if (ports.length === 0) return <span className="text-ink-3">–</span>
  const host = node.address?.includes(':') ? `[${node.address}]` : node.address
  return (
    <span className="space-x-2">
      {ports.map((port) =>
        host && status === 'running' && !node.simulated ? (
          <a
            key={port.container}
            href={`http://${host}:${port.host}`}
            target="_blank"
            rel="noreferrer"
            title={`Container port ${port.container} at http://${host}:${port.host}`}
            className="underline decoration-control underline-offset-2 hover:decoration-ink"
          >
            {port.host}
          </a>
        ) : (
          <span key={port.container} title={`Container port ${port.container} on node port ${port.host}`}>
            {port.host}
          </span>
        ),
      )}
    </span>
  )
}
