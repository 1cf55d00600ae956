import { isUuid, notFound } from '@/core/contract/failure'
import { healthOf } from '@/core/deployments/observed-status'
import { type DeploymentStatus, deploymentStatuses, isLive, type ReplicaStatus } from '@/core/deployments/status'
import type { Constraint } from '@/core/placement/constraint'
import type { NodeStatus } from '@/core/placement/node-status'
import type { PlacementRulesSpec } from '@/core/placement/preferences'
import { type DeploymentType, millisOfCores } from '@/core/placement/resources'
import type { Policy } from '@/core/placement/types'
import type { DeploymentSummary, DeploymentTimeline, ReplicaView, RevisionImageView } from '@/core/views/deployments'
import type { Store } from '@/server/db/client'
import { containing } from '@/server/db/like'
import { readRevisionImages } from './revision-images'

interface DeploymentFilter {
  search?: string | undefined
  status?: DeploymentStatus | undefined
  createdAfter?: Date | undefined
  createdBefore?: Date | undefined
  sortBy: 'name' | 'status' | 'created_at' | 'updated_at'
  sortOrder: 'asc' | 'desc'
  limit: number
  offset: number
}

interface SummaryRow {
  id: string
  name: string
  type: DeploymentType
  container_image: string
  status: DeploymentStatus
  target_replicas: number
  region: string | null
  user_id: string
  username: string
  created_at: Date
  updated_at: Date
  reason: string | null
  replicas: {
    slot: number
    status: ReplicaStatus
    wanted: 'run' | 'stop'
    health: ReplicaView['health']
    interruptions: number
    region: string
    offline: boolean
  }[]
}

const summaryColumns = `
  d.id, d.name, d.type, d.container_image, d.status, d.target_replicas, d.region, d.user_id, u.username, d.created_at, d.updated_at,
  coalesce(
    (select c.message from decisions c where c.deployment_id = d.id
       and exists (select 1 from evaluations e where e.deployment_id = d.id and e.status = 'blocked')
     order by c.created_at desc limit 1),
    (select h.reason from deployment_status_history h where h.deployment_id = d.id order by h.seq desc limit 1)
  ) as reason,
  coalesce((select jsonb_agg(jsonb_build_object('slot', r.slot, 'status', r.status, 'wanted', r.wanted, 'health', r.health,
      'interruptions', r.interruptions, 'region', n.region, 'offline', n.status = 'offline'))
    from (select * from deployment_replicas where deployment_id = d.id offset 0) r join nodes n on n.id = r.node_id
    where r.reserved), '[]') as replicas`

function summary(row: SummaryRow): DeploymentSummary {
  const live = row.replicas.filter((replica) => replica.wanted === 'run' && isLive(replica.status))
  const regions = new Map<string, number>()
  for (const replica of live) regions.set(replica.region, (regions.get(replica.region) ?? 0) + 1)
  return {
    id: row.id,
    name: row.name,
    type: row.type,
    image: row.container_image,
    status: row.status,
    health: healthOf(
      { status: row.status, targetReplicas: row.target_replicas },
      row.replicas.map((replica) => ({ ...replica, nodeUnreachable: replica.offline })),
    ),
    reason: row.reason ?? '',
    targetReplicas: row.target_replicas,
    // Counted by slots: while one replica replaces another, both run.
    runningReplicas: new Set(live.filter(({ status }) => status === 'running').map(({ slot }) => slot)).size,
    region: row.region,
    placedRegions: [...regions]
      .map(([region, count]) => ({ region, count }))
      .sort((a, b) => (a.region < b.region ? -1 : 1)),
    owner: { id: row.user_id, username: row.username },
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  }
}

export async function listDeployments(
  store: Store,
  filter: DeploymentFilter,
): Promise<{ items: DeploymentSummary[]; total: number; counts: Record<DeploymentStatus, number> }> {
  const conditions = `
    ($1::text is null or d.name ilike $1 or d.container_image ilike $1)
    and ($2::timestamptz is null or d.created_at >= $2) and ($3::timestamptz is null or d.created_at <= $3)`
  const values = [
    filter.search ? containing(filter.search) : null,
    filter.createdAfter ?? null,
    filter.createdBefore ?? null,
  ]
  // Deleted ones are history: shown when asked for, not among what there is.
  const status = `case when $4::text is null then d.status <> 'deleted' else d.status = $4 end`
  const order = `d.${filter.sortBy} ${filter.sortOrder === 'asc' ? 'asc' : 'desc'}, d.id ${filter.sortOrder === 'asc' ? 'asc' : 'desc'}`
  const [rows, counted] = await Promise.all([
    store.pool.query<SummaryRow>(
      `select ${summaryColumns} from deployments d join users u on u.id = d.user_id
       where ${conditions} and ${status} order by ${order} limit $5 offset $6`,
      [...values, filter.status ?? null, filter.limit, filter.offset],
    ),
    store.pool.query<{ status: DeploymentStatus; count: number }>(
      `select d.status, count(*)::int as count from deployments d where ${conditions} group by d.status`,
      values,
    ),
  ])
  const counts = Object.fromEntries(deploymentStatuses.map((one) => [one, 0])) as Record<DeploymentStatus, number>
  for (const row of counted.rows) counts[row.status] = row.count
  const total = filter.status
    ? counts[filter.status]
    : deploymentStatuses.reduce((sum, one) => (one === 'deleted' ? sum : sum + counts[one]), 0)
  return { items: rows.rows.map(summary), total, counts }
}

interface DeploymentRecord {
  summary: DeploymentSummary
  userId: string
  resources: { cpuMillis: number; memoryMb: number; storageGb: number; gpuUnits: number }
  revision: number
  revisionImage: RevisionImageView | null
  startReplicas: number | null
  waitForCapacity: boolean
  maxPerNode: number
  lostAfterSeconds: number
  constraints: Constraint[]
  placementRules: PlacementRulesSpec | null
  policy: Policy | null
  priority: number
  ports: { container: number; host: number | null }[]
  envNames: string[]
  replicas: ReplicaView[]
  waiting: { kind: 'capacity' | 'retry' | 'queued'; since: string; until: string | null; attempts: number } | null
  latestDecisionId: string | null
  deletedAt: string | null
}

/** A deployment with its replicas; previous instances beyond the newest 200 rows are left out. */
export async function readDeployment(store: Store, id: string): Promise<DeploymentRecord> {
  if (!isUuid(id)) throw notFound('deployment', id)
  const [summaries, images, deployment, replicas, evaluation, decision] = await Promise.all([
    store.pool.query<SummaryRow>(
      `select ${summaryColumns} from deployments d join users u on u.id = d.user_id where d.id = $1`,
      [id],
    ),
    readRevisionImages(store, id),
    store.prisma.deployment.findUnique({ where: { id }, include: { resources: true } }),
    store.prisma.deploymentReplica.findMany({
      where: { deploymentId: id },
      orderBy: [{ reserved: 'desc' }, { createdAt: 'desc' }],
      take: 200,
      include: {
        node: {
          select: {
            id: true,
            nodeId: true,
            region: true,
            simulated: true,
            status: true,
            address: true,
            lastHeartbeat: true,
          },
        },
      },
    }),
    store.prisma.evaluation.findFirst({
      where: { deploymentId: id, status: { in: ['pending', 'leased', 'blocked'] } },
      orderBy: { createdAt: 'desc' },
    }),
    store.prisma.decision.findFirst({
      where: { deploymentId: id },
      orderBy: { createdAt: 'desc' },
      select: { id: true },
    }),
  ])
  const row = summaries.rows[0]
  if (!row || !deployment?.resources) throw notFound('deployment', id)
  return {
    summary: summary(row),
    userId: deployment.userId,
    resources: {
      cpuMillis: millisOfCores(deployment.resources.cpuCores),
      memoryMb: deployment.resources.memoryMb,
      storageGb: deployment.resources.storageGb,
      gpuUnits: deployment.resources.gpuUnits,
    },
    revision: deployment.revision,
    revisionImage: images.get(deployment.revision) ?? null,
    startReplicas: deployment.startReplicas,
    policy: deployment.policy as Policy | null,
    priority: deployment.priority,
    waitForCapacity: deployment.waitForCapacity,
    maxPerNode: deployment.maxPerNode,
    lostAfterSeconds: deployment.lostAfterSeconds,
    constraints: deployment.constraints as unknown as Constraint[],
    placementRules: deployment.placementRules as unknown as PlacementRulesSpec | null,
    ports: deployment.ports as unknown as DeploymentRecord['ports'],
    envNames: deployment.envNames,
    replicas: replicas
      .map(
        (replica): ReplicaView => ({
          id: replica.id,
          slot: replica.slot,
          generation: replica.generation,
          revision: replica.revision,
          node: {
            ...replica.node,
            status: replica.node.status as NodeStatus,
            lastHeartbeat: replica.node.lastHeartbeat?.toISOString() ?? null,
          },
          status: replica.status as ReplicaStatus,
          wanted: replica.wanted as 'run' | 'stop',
          reserved: replica.reserved,
          reason: replica.reason,
          exitCode: replica.exitCode,
          health: replica.health as ReplicaView['health'],
          unhealthySince: replica.unhealthySince?.toISOString() ?? null,
          checkOutput: replica.checkOutput,
          standstill: replica.standstill as ReplicaView['standstill'],
          restarts: {
            count: replica.restarts,
            inARow: replica.restartsInARow,
            nextAt: replica.nextRestartAt?.toISOString() ?? null,
            lastEnd:
              replica.lastEndAt === null
                ? null
                : { at: replica.lastEndAt.toISOString(), reason: replica.lastEndReason ?? '' },
          },
          containerId: replica.containerId,
          ports: replica.ports as unknown as ReplicaView['ports'],
          score: replica.score,
          decisionId: replica.decisionId,
          createdAt: replica.createdAt.toISOString(),
          startedAt: replica.startedAt?.toISOString() ?? null,
          finishedAt: replica.finishedAt?.toISOString() ?? null,
        }),
      )
      .sort((a, b) => a.slot - b.slot || b.generation - a.generation),
    waiting: evaluation && {
      kind:
        evaluation.status === 'blocked' ? 'capacity' : evaluation.runAfter > evaluation.createdAt ? 'retry' : 'queued',
      since: evaluation.createdAt.toISOString(),
      until: evaluation.status === 'pending' ? evaluation.runAfter.toISOString() : null,
      attempts: evaluation.attempts,
    },
    latestDecisionId: decision?.id ?? null,
    deletedAt: deployment.deletedAt?.toISOString() ?? null,
  }
}

export async function readTimeline(store: Store, id: string): Promise<DeploymentTimeline> {
  if (!isUuid(id)) throw notFound('deployment', id)
  const [deployment, replicas] = await Promise.all([
    store.prisma.deploymentStatusHistory.findMany({ where: { deploymentId: id }, orderBy: { seq: 'desc' }, take: 500 }),
    store.prisma.replicaStatusHistory.findMany({
      where: { deploymentId: id },
      orderBy: { id: 'desc' },
      take: 2_000,
      include: { replica: { select: { slot: true, generation: true, node: { select: { nodeId: true } } } } },
    }),
  ])
  return {
    deployment: deployment.reverse().map((row) => ({
      id: row.id,
      oldStatus: row.oldStatus,
      newStatus: row.newStatus as DeploymentStatus,
      changedBy: row.changedBy,
      changedAt: row.changedAt.toISOString(),
      reason: row.reason,
    })),
    replicas: replicas.reverse().map((row) => ({
      id: row.id.toString(),
      replicaId: row.replicaId,
      slot: row.replica.slot,
      generation: row.replica.generation,
      nodeId: row.replica.node.nodeId,
      oldStatus: row.oldStatus,
      newStatus: row.newStatus as ReplicaStatus,
      health: row.health as ReplicaView['health'],
      changedBy: row.changedBy,
      changedAt: row.changedAt.toISOString(),
      reason: row.reason,
    })),
  }
}

/** The newest status changes of a deployment, newest first. */
export async function recentStatusChanges(store: Store, id: string, limit: number) {
  return store.prisma.deploymentStatusHistory.findMany({
    where: { deploymentId: id },
    orderBy: { seq: 'desc' },
    take: limit,
  })
}
