import type { DeploymentStatus, ReplicaStatus } from '@/core/deployments/status'
import type { Constraint } from '@/core/placement/constraint'
import { hostPortsOf } from '@/core/placement/host-ports'
import type { PlacementRulesSpec } from '@/core/placement/preferences'
import { millisOfCores } from '@/core/placement/resources'
import type { Policy } from '@/core/placement/types'
import type { AttemptToSchedule, DeploymentToSchedule } from '@/core/plan/types'
import { allAnswered, type Store } from '@/server/db/client'

interface DeploymentRow {
  id: string
  name: string
  status: DeploymentStatus
  target_replicas: number
  version: number
  revision: number
  region: string | null
  wait_for_capacity: boolean
  max_per_node: number
  constraints: Constraint[]
  placement_rules: PlacementRulesSpec | null
  policy: Policy | null
  cpu_cores: number
  memory_mb: number
  gpu_units: number
  storage_gb: number
  ports: { host: number | null }[]
}

interface AttemptRow {
  deployment_id: string
  id: string
  node_id: string
  node_name: string
  draining: boolean
  slot: number
  generation: number
  version: number
  revision: number
  status: ReplicaStatus
  wanted: 'run' | 'stop'
  reserved: boolean
  health: AttemptToSchedule['health']
  restarts_in_a_row: number
  restarts: number
  reason: string | null
  started_at: Date | null
  finished_at: Date | null
  cpu_millis: number
  memory_mb: number
  gpu_units: number
  storage_gb: number
}

/**
 * The deployments, with every attempt that matters: those of the present version, those that hold a reservation, and the
 * newest of each slot. Three queries that are sent together, whatever the number of deployments; the attempts first, so that
 * what changes in between makes the commit's check of the version fail rather than pass.
 */
export async function readDeploymentsToSchedule(
  store: Store,
  ids: string[],
): Promise<Map<string, DeploymentToSchedule>> {
  const client = await store.pool.connect()
  const attemptRows = client.query<AttemptRow>({
    name: 'attempts-to-schedule',
    text: `
      select r.deployment_id, r.id, r.node_id, n.node_id as node_name, n.draining, r.slot, r.generation, r.version, r.revision,
        r.status, r.wanted, r.reserved, r.health, r.restarts_in_a_row, r.restarts, r.reason, r.started_at, r.finished_at,
        r.cpu_millis, r.memory_mb, r.gpu_units, r.storage_gb
      from deployment_replicas r join deployments d on d.id = r.deployment_id join nodes n on n.id = r.node_id
      where r.deployment_id = any($1::uuid[]) and (r.reserved or r.version = d.version or r.generation =
        (select max(o.generation) from deployment_replicas o where o.deployment_id = r.deployment_id and o.slot = r.slot))`,
    values: [ids],
  })
  const portRows = client.query<{ replica_id: string; host_port: number }>({
    name: 'host-ports-to-schedule',
    text: `
      select p.replica_id, p.host_port from host_port_reservations p join deployment_replicas r on r.id = p.replica_id
      where r.deployment_id = any($1::uuid[]) order by p.host_port`,
    values: [ids],
  })
  const deploymentRows = client.query<DeploymentRow>({
    name: 'deployments-to-schedule',
    text: `
      select d.id, d.name, d.status, d.target_replicas, d.version, d.revision, d.region, d.wait_for_capacity, d.max_per_node,
        d.constraints, d.placement_rules, d.policy, d.ports, r.cpu_cores, r.memory_mb, r.gpu_units, r.storage_gb
      from deployments d join deployment_resources r on r.deployment_id = d.id where d.id = any($1::uuid[])`,
    values: [ids],
  })
  try {
    await allAnswered([attemptRows, portRows, deploymentRows])
  } catch (error) {
    client.release(error as Error)
    throw error
  }
  client.release()
  const [attempts, ports, deployments] = [await attemptRows, await portRows, await deploymentRows]
  const held = new Map<string, number[]>()
  for (const row of ports.rows) held.set(row.replica_id, [...(held.get(row.replica_id) ?? []), row.host_port])
  const found = new Map(deployments.rows.map((row) => [row.id, deploymentOf(row)]))
  for (const row of attempts.rows) found.get(row.deployment_id)?.attempts.push(attemptOf(row, held.get(row.id) ?? []))
  return found
}

const deploymentOf = (row: DeploymentRow): DeploymentToSchedule => ({
  id: row.id,
  name: row.name,
  status: row.status,
  targetReplicas: row.target_replicas,
  version: row.version,
  revision: row.revision,
  region: row.region,
  waitForCapacity: row.wait_for_capacity,
  maxPerNode: row.max_per_node,
  constraints: row.constraints,
  placementRules: row.placement_rules,
  policy: row.policy,
  resources: {
    cpuMillis: millisOfCores(row.cpu_cores),
    memoryMb: row.memory_mb,
    gpuUnits: row.gpu_units,
    storageGb: row.storage_gb,
  },
  hostPorts: hostPortsOf(row.ports),
  attempts: [],
})

const attemptOf = (row: AttemptRow, hostPorts: number[]): AttemptToSchedule => ({
  id: row.id,
  nodeId: row.node_id,
  nodeName: row.node_name,
  nodeDraining: row.draining,
  slot: row.slot,
  generation: row.generation,
  version: row.version,
  revision: row.revision,
  status: row.status,
  wanted: row.wanted,
  reserved: row.reserved,
  health: row.health,
  restartsInARow: row.restarts_in_a_row,
  restarts: row.restarts,
  reason: row.reason,
  startedAt: row.started_at,
  finishedAt: row.finished_at,
  resources: {
    cpuMillis: row.cpu_millis,
    memoryMb: row.memory_mb,
    gpuUnits: row.gpu_units,
    storageGb: row.storage_gb,
  },
  hostPorts,
})
