import type { DeploymentProblem, NodeProblem, Overview, RegionUse } from '@/core/insight/overview'
import { countOf } from '@/core/lib/count-of'
import type { Store } from '@/server/db/client'
import { isUnreachable } from '@/server/store/nodes/node-health'

/** How many problems of each kind are listed, newest first; the rest is counted. */
const named = 5

/** What needs attention now, and the usage of each region. The database adds up: five queries, whatever the size. */
export async function readOverview(store: Store): Promise<Overview> {
  const [failed, unhealthy, unplaced, nodes, regions, totals] = await Promise.all([
    readFailed(store),
    readUnhealthy(store),
    readUnplaced(store),
    readNodeProblems(store),
    readRegions(store),
    store.pool.query<{ deployments: number; running: number; replicas: number; wanted: number; dead: number }>(
      `select count(*)::int as deployments, count(*) filter (where status = 'running')::int as running,
         coalesce(sum(target_replicas), 0)::int as wanted,
         (select count(*)::int from deployment_replicas where reserved and wanted = 'run' and status = 'running') as replicas,
         (select count(*)::int from evaluations where status = 'dead') as dead
       from deployments where status <> 'deleted'`,
    ),
  ])
  const { deployments = 0, running = 0, replicas = 0, wanted = 0, dead = 0 } = totals.rows[0] ?? {}
  return {
    failed,
    unhealthy,
    unplaced,
    ...nodes,
    dead,
    regions,
    deployments,
    running,
    replicas: { running: replicas, wanted },
  }
}

async function readFailed(store: Store): Promise<Overview['failed']> {
  const { rows } = await store.pool.query<DeploymentProblem & { count: number }>(
    `select d.id, d.name, count(*) over ()::int as count, h.reason, h.changed_at as since
     from deployments d cross join lateral (
       select reason, changed_at from deployment_status_history where deployment_id = d.id order by seq desc limit 1
     ) h
     where d.status = 'failed' order by d.updated_at desc limit $1`,
    [named],
  )
  return { count: rows[0]?.count ?? 0, newest: rows.map(problem) }
}

/** Their replicas say themselves that they do not work. */
async function readUnhealthy(store: Store): Promise<Overview['unhealthy']> {
  const { rows } = await store.pool.query<{ id: string; name: string; count: number; unwell: number; wanted: number }>(
    `select d.id, d.name, d.target_replicas as wanted, count(*) over ()::int as count, r.unwell
     from deployments d join (
       select deployment_id, count(*)::int as unwell from deployment_replicas
       where reserved and wanted = 'run' and status = 'running' and health = 'unhealthy' group by 1
     ) r on r.deployment_id = d.id
     where d.status not in ('failed', 'deleted') order by d.updated_at desc limit $1`,
    [named],
  )
  return {
    count: rows[0]?.count ?? 0,
    newest: rows.map(({ id, name, unwell, wanted }) => ({
      ...{ id, name, since: null },
      reason: `${unwell} of ${countOf(wanted, 'replica')} fail${unwell === 1 ? 's' : ''} the health check`,
    })),
  }
}

/** Deployments that wait for capacity: the decision that refused them says why. */
async function readUnplaced(store: Store): Promise<Overview['unplaced']> {
  const { rows } = await store.pool.query<DeploymentProblem & { count: number; replicas: number }>(
    `select d.id, d.name, count(*) over ()::int as count, sum(c.replicas) over ()::int as replicas, c.message as reason, c.created_at as since
     from evaluations e join deployments d on d.id = e.deployment_id cross join lateral (
       select message, created_at, (request->>'replicas')::int as replicas from decisions
       where deployment_id = d.id order by created_at desc limit 1
     ) c
     where e.status = 'blocked' order by c.created_at desc limit $1`,
    [named],
  )
  return { count: rows[0]?.count ?? 0, replicas: rows[0]?.replicas ?? 0, newest: rows.map(problem) }
}

const problem = ({ id, name, reason, since }: DeploymentProblem): DeploymentProblem => ({
  id,
  name,
  reason,
  since: since && new Date(since).toISOString(),
})

async function readNodeProblems(store: Store): Promise<Pick<Overview, 'offline' | 'broken'>> {
  const { rows } = await store.pool.query<{
    id: string
    node_id: string
    region: string
    offline: boolean
    error: string | null
    since: Date | null
    replicas: number
    offline_count: number
    broken_count: number
  }>(
    `with trouble as (
       select id, node_id, region, engine_error as error, last_heartbeat as since,
         status = 'offline' or ${isUnreachable('nodes')} as offline
       from nodes where status <> 'maintenance' and removed_at is null
     ), counted as (
       select *, row_number() over (partition by offline order by since desc nulls last) as place,
         count(*) filter (where offline) over ()::int as offline_count,
         count(*) filter (where not offline) over ()::int as broken_count
       from trouble where offline or error is not null
     )
     select c.*, (select count(*)::int from deployment_replicas r where r.node_id = c.id and r.reserved and r.wanted = 'run') as replicas
     from counted c where place <= $1 order by since desc nulls last`,
    [named],
  )
  const view = (row: (typeof rows)[number]): NodeProblem => ({
    id: row.id,
    nodeId: row.node_id,
    region: row.region,
    replicas: row.replicas,
    reason: row.offline ? null : row.error,
    since: row.since?.toISOString() ?? null,
  })
  return {
    offline: { count: rows[0]?.offline_count ?? 0, newest: rows.filter((row) => row.offline).map(view) },
    broken: { count: rows[0]?.broken_count ?? 0, newest: rows.filter((row) => !row.offline).map(view) },
  }
}

async function readRegions(store: Store): Promise<RegionUse[]> {
  const { rows } = await store.pool.query<RegionUse>(
    `with n as (
       select *, cpu_cores * 1000 as cpu_millis,
         status <> 'offline' and not ${isUnreachable('nodes')} as online
       from nodes where removed_at is null
     )
     select region, count(*)::int as nodes, count(*) filter (where not online)::int as offline,
       sum(cpu_millis)::float8 as "cpuMillis", sum(reserved_cpu_millis)::float8 as "reservedCpuMillis",
       sum(memory_mb)::float8 as "memoryMb", sum(reserved_memory_mb)::float8 as "reservedMemoryMb",
       (sum(cpu_millis * cpu_usage_percent) filter (where online) / sum(cpu_millis) filter (where online))::float8 as "cpuUsagePercent",
       (sum(memory_mb * memory_usage_percent) filter (where online) / sum(memory_mb) filter (where online))::float8 as "memoryUsagePercent",
       sum(gpu_available)::int as gpus, sum(reserved_gpu)::int as "reservedGpus"
     from n group by region order by region`,
  )
  return rows
}
