'use client'

import { useQuery } from '@tanstack/react-query'
import type { inferRouterOutputs } from '@trpc/server'
import { lazy, Suspense } from 'react'
import { engineText, Heartbeat } from '@/app/features/nodes/columns'
import { useTRPC } from '@/app/trpc'
import { ButtonLink } from '@/app/ui/button'
import { Facts, PageHeader, Section } from '@/app/ui/layout-parts'
import { QueryView } from '@/app/ui/status/query-view'
import { SimulatedMark } from '@/app/ui/status/simulated-mark'
import { Empty } from '@/app/ui/status/states'
import { nodeStyle, StatusBadge } from '@/app/ui/status/status'
import { StatusIcon } from '@/app/ui/status/status-icon'
import type { Column } from '@/app/ui/table/column'
import { Table } from '@/app/ui/table/table'
import { plural } from '@/app/ui/text/format'
import { ExactTime, Time } from '@/app/ui/text/time'
import { usePageTitle } from '@/app/ui/text/title'
import type { NodeEventView, NodeView } from '@/core/views/nodes'
import type { AppRouter } from '@/server/api/root'
import { CapacityBars } from './capacity-bars'
import { DrainProgress } from './drain-progress'
import { NodeActions } from './node-actions'
import { NodeReplicas } from './node-replicas'
import { NodeReturns } from './node-returns'

type NodeDetail = inferRouterOutputs<AppRouter>['node']['get']

const SecondSpeaker = lazy(() => import('./second-speaker'))

export function NodePage({ id }: { id: string }) {
  const trpc = useTRPC()
  const query = useQuery(trpc.node.get.queryOptions({ id }))
  usePageTitle(query.data?.nodeId)
  return (
    <QueryView
      query={query}
      failed="Could not load the node"
      loading="Loading node"
      notFound={
        <Empty title="Node not found" action={<ButtonLink href="/nodes">All nodes</ButtonLink>}>
          It may have been removed.
        </Empty>
      }
    >
      {(node) => <Node node={node} />}
    </QueryView>
  )
}

function Node({ node }: { node: NodeDetail }) {
  return (
    <>
      <PageHeader
        title={node.nodeId}
        parent={{ href: '/nodes', label: 'Nodes' }}
        actions={<NodeActions node={node} held={node.replicas.filter(({ reserved }) => reserved).length} />}
        meta={
          <div className="flex flex-wrap items-center gap-x-4 gap-y-1">
            <StatusBadge statusStyle={nodeStyle(node)} className="font-medium" />
            <Eligibility node={node} />
            {node.tooSmall !== null && node.tooSmall !== node.ineligible && <Barred>{node.tooSmall}</Barred>}
            {node.simulated && <SimulatedMark />}
          </div>
        }
      />
      {node.secondSpeaker && (
        <Suspense>
          <SecondSpeaker node={node} second={node.secondSpeaker} />
        </Suspense>
      )}
      <DrainProgress node={node} />
      <Section
        title="Capacity"
        meta={node.stale ? 'Usage is unknown: the node is offline. Reservations are held.' : undefined}
      >
        <CapacityBars node={node} />
      </Section>
      <Section title="About">
        <Facts facts={factsOf(node)} />
      </Section>
      <Section
        flush
        title="Replicas"
        meta={`${plural(node.liveReplicas, 'replica')} desired, and the latest that ended`}
      >
        <NodeReplicas replicas={node.replicas} offline={node.stale || node.status === 'offline'} />
      </Section>
      <NodeReturns id={node.id} />
      <Section flush title="Events" meta="Newest first">
        {node.events.length > 0 ? (
          <Table caption="Events" columns={eventColumns} rows={node.events} rowKey={(event) => event.id} />
        ) : (
          <p className="px-4 text-ink-2 md:px-6">No events yet.</p>
        )}
      </Section>
    </>
  )
}

function Eligibility({ node }: { node: NodeView }) {
  if (node.ineligible === null)
    return (
      <span className="inline-flex items-center gap-1.5 text-ink-2">
        <StatusIcon name="running" className="text-healthy" /> Accepts new replicas
      </span>
    )
  return <Barred>{node.ineligible}</Barred>
}

const Barred = ({ children }: { children: string }) => (
  <span className="inline-flex items-start gap-1.5 text-ink-2">
    <StatusIcon name="none" className="mt-[3px] shrink-0 text-ink-3" /> {children}
  </span>
)

function factsOf(node: NodeView) {
  const labels = Object.entries(node.labels)
  return [
    { name: 'Region', value: node.region },
    { name: 'Type', value: node.nodeType },
    { name: 'Heartbeat', value: <Heartbeat node={node} /> },
    { name: 'Engine', value: engineText(node) },
    { name: 'Agent', value: node.agentVersion ?? 'unknown' },
    { name: 'Address', value: node.address ?? 'unknown' },
    { name: 'Joined', value: <Time at={node.createdAt} /> },
    ...(node.engineError
      ? [{ name: 'Cannot run containers', value: <span className="text-failed">{node.engineError}</span> }]
      : []),
    {
      name: 'Labels',
      value:
        labels.length === 0 ? (
          <span className="text-ink-3">none</span>
        ) : (
          <ul>
            {labels.map(([key, value]) => (
              <li key={key} className="font-mono text-meta">
                {key}={value}
              </li>
            ))}
          </ul>
        ),
    },
  ]
}

const eventColumns: Column<NodeEventView>[] = [
  {
    id: 'at',
    header: 'Time',
    width: 'clamp(92px, 30vw, 330px)',
    cell: ({ at }) => (
      <span className="flex items-baseline gap-2">
        <Time at={at} />
        <ExactTime at={at} className="truncate text-meta text-ink-3 max-md:hidden" />
      </span>
    ),
  },
  { id: 'kind', header: 'Event', width: '120px', from: 'sm', cell: ({ kind }) => kind },
  {
    id: 'detail',
    header: 'Detail',
    cell: ({ detail }) => (
      <span className="text-ink-2" title={detail}>
        {detail}
      </span>
    ),
  },
  { id: 'actor', header: 'Actor', width: '120px', from: 'md', cell: ({ actor }) => actor },
]
