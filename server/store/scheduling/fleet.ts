import type { JournalNode, JournalState } from '@/core/journal'
import type { RecordedPort } from '@/core/placement/host-ports'
import type { NodeStatus } from '@/core/placement/node-status'
import { millisOfCores } from '@/core/placement/resources'
import type { MeasuredLatency } from '@/core/placement/types'
import type { Store } from '@/server/db/client'
import { isStale } from '@/server/store/nodes/node-health'

interface FleetRow {
  id: string
  node_id: string
  node_type: string
  region: string
  status: NodeStatus
  cordoned: boolean
  draining: boolean
  simulated: boolean
  labels: Record<string, string>
  latitude: number | null
  longitude: number | null
  cpu_cores: number
  memory_mb: number
  storage_gb: number
  gpu_available: number
  reserved_cpu_millis: number
  reserved_memory_mb: number
  reserved_storage_gb: number
  reserved_gpu: number
  cpu_usage_percent: number | null
  memory_usage_percent: number | null
  engine_error: string | null
  last_heartbeat_ms: number | null
  stale: boolean
  unseen_cpu_millis: number
  unseen_memory_mb: number
  taken_ports: RecordedPort[] | null
}

/** The whole fleet at this moment. */
export async function loadFleet(store: Store): Promise<JournalState> {
  const [nodes, latencies] = await Promise.all([loadNodes(store, null), loadLatencies(store)])
  return { nodes, latencies }
}

/** Nodes at this moment, by name: all, or the requested ones. One query, whatever their number. */
export async function loadNodes(store: Store, ids: string[] | null): Promise<JournalNode[]> {
  const { rows } = await store.pool.query<FleetRow>({
    name: ids === null ? 'load-nodes' : 'load-some-nodes',
    text: `
      select n.id, n.node_id, n.node_type, n.region, n.status, n.cordoned, n.draining, n.simulated, n.labels,
        n.latitude, n.longitude, n.cpu_cores, n.memory_mb, n.storage_gb, n.gpu_available,
        n.reserved_cpu_millis, n.reserved_memory_mb, n.reserved_storage_gb, n.reserved_gpu,
        n.cpu_usage_percent, n.memory_usage_percent, n.engine_error,
        floor(extract(epoch from n.last_heartbeat))::float8 * 1000 as last_heartbeat_ms,
        ${isStale('n')} as stale,
        coalesce(r.unseen_cpu_millis, 0)::int as unseen_cpu_millis,
        coalesce(r.unseen_memory_mb, 0)::int as unseen_memory_mb, t.taken_ports
      from nodes n
      left join (
        select r.node_id, sum(r.cpu_millis) as unseen_cpu_millis, sum(r.memory_mb) as unseen_memory_mb
        from deployment_replicas r join nodes m on m.id = r.node_id
        where r.reserved and r.wanted = 'run' and (r.started_at is null or r.started_at > m.last_heartbeat)
          ${ids === null ? '' : 'and r.node_id = any($1::uuid[])'}
        group by r.node_id
      ) r on r.node_id = n.id
      left join (
        select node_id, jsonb_agg(jsonb_build_object('port', host_port, 'holder', holder, 'seenAtMs', seen_at_ms)
          order by host_port) as taken_ports
        from (
          select p.node_id, p.host_port, jsonb_build_object('deploymentId', d.id, 'name', d.name) as holder, null::float8 as seen_at_ms
          from host_port_reservations p join deployment_replicas h on h.id = p.replica_id join deployments d on d.id = h.deployment_id
          ${ids === null ? '' : 'where p.node_id = any($1::uuid[])'}
          union all
          select c.node_id, c.host_port, null, floor(extract(epoch from c.seen_at))::float8 * 1000
          from host_port_conflicts c
          where not exists (select 1 from host_port_reservations p where p.node_id = c.node_id and p.host_port = c.host_port)
            ${ids === null ? '' : 'and c.node_id = any($1::uuid[])'}
        ) taken group by node_id
      ) t on t.node_id = n.id
      where n.removed_at is null ${ids === null ? '' : 'and n.id = any($1::uuid[])'}
      order by n.node_id collate "C"`,
    values: ids === null ? [] : [ids],
  })
  return rows.map(journalNode)
}

export async function loadLatencies(store: Store): Promise<MeasuredLatency[]> {
  const { rows } = await store.pool.query<MeasuredLatency>(
    `select from_region as "fromRegion", to_region as "toRegion", latency_ms as "latencyMs" from region_latencies
     order by from_region, to_region`,
  )
  return rows
}

/**
 * Usage older than the heartbeat limit is unknown. The age of the heartbeat is in whole seconds: only people read it.
 */
const journalNode = (row: FleetRow): JournalNode => ({
  id: row.id,
  nodeId: row.node_id,
  nodeType: row.node_type,
  region: row.region,
  status: row.status,
  cordoned: row.cordoned,
  draining: row.draining,
  simulated: row.simulated,
  labels: row.labels,
  latitude: row.latitude,
  longitude: row.longitude,
  engineError: row.engine_error,
  capacity: {
    cpuMillis: millisOfCores(row.cpu_cores),
    memoryMb: row.memory_mb,
    storageGb: row.storage_gb,
    gpuUnits: row.gpu_available,
  },
  reserved: {
    cpuMillis: row.reserved_cpu_millis,
    memoryMb: row.reserved_memory_mb,
    storageGb: row.reserved_storage_gb,
    gpuUnits: row.reserved_gpu,
  },
  cpuUsagePercent: row.stale ? null : row.cpu_usage_percent,
  memoryUsagePercent: row.stale ? null : row.memory_usage_percent,
  lastHeartbeatMs: row.last_heartbeat_ms,
  unseen: { cpuMillis: row.unseen_cpu_millis, memoryMb: row.unseen_memory_mb },
  ...(row.taken_ports && { takenPorts: row.taken_ports }),
})
