import { isUuid, notFound } from '@/core/contract/failure'
import type { ReplicaStatus } from '@/core/deployments/status'
import { shortfallOf } from '@/core/nodes/size'
import { type NodeStatus, schedulableNodeStatuses } from '@/core/placement/node-status'
import { millisOfCores, type Resources } from '@/core/placement/resources'
import type { NodeEventView, NodeReplicaView, NodeView, SecondSpeakerView } from '@/core/views/nodes'
import type { Store } from '@/server/db/client'
import type { Node } from '@/server/db/generated/client'
import { isUnreachable } from './node-health'
import { readSecondSpeaker } from './second-speakers'

type NodeRow = Node & { liveReplicas: number; stale: boolean }

const reservedOf = (node: Node): Resources => ({
  cpuMillis: node.reservedCpuMillis,
  memoryMb: node.reservedMemoryMb,
  storageGb: node.reservedStorageGb,
  gpuUnits: node.reservedGpu,
})

const tooSmall = (node: Node) =>
  shortfallOf(
    {
      cpuMillis: node.reportedCpuCores === null ? null : millisOfCores(node.reportedCpuCores),
      memoryMb: node.reportedMemoryMb,
      storageGb: node.reportedStorageGb,
      gpuUnits: node.reportedGpu,
    },
    reservedOf(node),
  )

/** Why a node accepts no new replicas at all; null if it accepts some. */
function ineligible(node: NodeRow): string | null {
  if (node.removedAt !== null) return 'Removed: it is no part of the fleet any more'
  if (node.status === 'offline') return 'Offline: no heartbeat within the limit'
  if (node.status === 'maintenance') return 'In maintenance'
  if (node.cordoned) return 'Cordoned: takes no new replicas'
  if (node.draining)
    return node.reservedCpuMillis === 0 ? 'Drained: nothing is left on it' : 'Draining: its replicas are moving away'
  if (node.engineError !== null) return `It can not run containers: ${node.engineError}`
  const shortfall = tooSmall(node)
  if (shortfall && !shortfall.isGpuOnly) return shortfall.text
  if (!schedulableNodeStatuses.includes(node.status as NodeStatus))
    return 'Full: the smallest request does not fit any more'
  return null
}

const view = (node: NodeRow): NodeView => ({
  id: node.id,
  nodeId: node.nodeId,
  nodeType: node.nodeType,
  region: node.region,
  status: node.status as NodeStatus,
  cordoned: node.cordoned,
  draining: node.draining,
  maintenanceWhenDrained: node.maintenanceWhenDrained,
  removedAt: node.removedAt?.toISOString() ?? null,
  simulated: node.simulated,
  labels: node.labels as Record<string, string>,
  engine: node.engine,
  engineVersion: node.engineVersion,
  engineError: node.engineError,
  agentVersion: node.agentVersion,
  address: node.address,
  capacity: {
    cpuMillis: millisOfCores(node.cpuCores),
    memoryMb: node.memoryMb,
    storageGb: node.storageGb,
    gpuUnits: node.gpuAvailable,
  },
  reserved: reservedOf(node),
  cpuUsagePercent: node.cpuUsagePercent,
  memoryUsagePercent: node.memoryUsagePercent,
  lastHeartbeat: node.lastHeartbeat?.toISOString() ?? null,
  stale: node.stale,
  liveReplicas: node.liveReplicas,
  ineligible: ineligible(node),
  tooSmall: node.removedAt === null ? (tooSmall(node)?.text ?? null) : null,
  createdAt: node.createdAt.toISOString(),
})

async function withCounts(store: Store, nodes: Node[]): Promise<NodeRow[]> {
  const { rows } = await store.pool.query<{ id: string; live: number; stale: boolean }>(
    `select n.id, ${isUnreachable('n')} as stale,
       (select count(*)::int from deployment_replicas r where r.node_id = n.id and r.reserved and r.wanted = 'run') as live
     from nodes n where n.id = any($1::uuid[])`,
    [nodes.map((node) => node.id)],
  )
  const byId = new Map(rows.map((row) => [row.id, row]))
  return nodes.map((node) => ({
    ...node,
    liveReplicas: byId.get(node.id)?.live ?? 0,
    stale: byId.get(node.id)?.stale ?? true,
  }))
}

export async function listNodes(store: Store): Promise<NodeView[]> {
  const nodes = await store.prisma.node.findMany({ where: { removedAt: null }, orderBy: { nodeId: 'asc' } })
  return (await withCounts(store, nodes)).map(view)
}

/** The nodes with these ids, in the given order; nodes that no longer exist are left out. */
export async function readNodesInOrder(store: Store, ids: string[]): Promise<NodeView[]> {
  if (ids.length === 0) return []
  const nodes = await withCounts(store, await store.prisma.node.findMany({ where: { id: { in: ids } } }))
  const byId = new Map(nodes.map((node) => [node.id, node]))
  return ids.flatMap((id) => {
    const node = byId.get(id)
    return node ? [view(node)] : []
  })
}

export async function readNode(
  store: Store,
  id: string,
): Promise<
  NodeView & { replicas: NodeReplicaView[]; events: NodeEventView[]; secondSpeaker: SecondSpeakerView | null }
> {
  if (!isUuid(id)) throw notFound('node', id)
  const node = await store.prisma.node.findUnique({ where: { id } })
  if (!node) throw notFound('node', id)
  const [[row], replicas, events, secondSpeaker] = await Promise.all([
    withCounts(store, [node]),
    store.prisma.deploymentReplica.findMany({
      where: { nodeId: id },
      orderBy: [{ reserved: 'desc' }, { createdAt: 'desc' }],
      take: 100,
      include: { deployment: { select: { id: true, name: true } } },
    }),
    store.prisma.nodeEvent.findMany({ where: { nodeId: id }, orderBy: { id: 'desc' }, take: 100 }),
    readSecondSpeaker(store, id),
  ])
  if (!row) throw notFound('node', id)
  return {
    ...view(row),
    secondSpeaker,
    replicas: replicas.map((replica) => ({
      id: replica.id,
      deploymentId: replica.deployment.id,
      deploymentName: replica.deployment.name,
      slot: replica.slot,
      generation: replica.generation,
      status: replica.status as ReplicaStatus,
      reserved: replica.reserved,
      resources: {
        cpuMillis: replica.cpuMillis,
        memoryMb: replica.memoryMb,
        storageGb: replica.storageGb,
        gpuUnits: replica.gpuUnits,
      },
      reason: replica.reason,
      startedAt: replica.startedAt?.toISOString() ?? null,
    })),
    events: events.map((event) => ({
      id: event.id.toString(),
      at: event.at.toISOString(),
      kind: event.kind,
      detail: event.detail,
      actor: event.actor,
    })),
  }
}
