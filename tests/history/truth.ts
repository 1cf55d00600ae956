/** The current content of the tables, in the form of the history API. */

import type { DeploymentStatus, ReplicaStatus } from '@/core/deployments/status'
import type { PastDeployment, PastNode } from '@/core/insight/history'
import { type NodeState, stateOf } from '@/core/nodes/list'
import type { NodeStatus } from '@/core/placement/node-status'
import type { TestControlPlane } from '@/testing/control-plane'

interface NodeTruth extends Omit<PastNode, 'cpuPercent' | 'memoryPercent'> {
  state: NodeState
}

interface DeploymentTruth {
  id: string
  status: DeploymentStatus
  targetReplicas: number
  revision: number
  replicas: {
    id: string
    slot: number
    generation: number
    revision: number
    nodeId: string
    status: ReplicaStatus
    reserved: boolean
    offline: boolean
  }[]
}

export interface Truth {
  at: Date
  nodes: NodeTruth[]
  deployments: DeploymentTruth[]
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** The current state, and a moment that no change shares with it, since changes are dated by the millisecond. */
export async function truthNow(cp: TestControlPlane): Promise<Truth> {
  await pause(3)
  const [clock] = await cp.sql<{ at: Date }>('select clock_timestamp() as at')
  const truth = { at: clock?.at ?? new Date(), nodes: await nodesNow(cp), deployments: await deploymentsNow(cp) }
  await pause(3)
  return truth
}

async function nodesNow(cp: TestControlPlane): Promise<NodeTruth[]> {
  const rows = await cp.sql<Omit<NodeTruth, 'state'> & { status: NodeStatus; cordoned: boolean; draining: boolean }>(
    `select id, node_id as "nodeId", region, status, cordoned, draining, reserved_cpu_millis as "reservedCpuMillis",
       (cpu_cores * 1000)::int as "cpuMillis", reserved_memory_mb as "reservedMemoryMb", memory_mb as "memoryMb",
       (select count(*)::int from deployment_replicas r
        where r.node_id = n.id and r.reserved and r.status in ('pending', 'starting', 'running')) as replicas
     from nodes n where removed_at is null order by id`,
  )
  return rows.map(({ status, cordoned, draining, ...node }) => ({
    ...node,
    state: stateOf({ status, cordoned, draining, stale: false }),
  }))
}

async function deploymentsNow(cp: TestControlPlane): Promise<DeploymentTruth[]> {
  const [deployments, replicas] = await Promise.all([
    cp.sql<Omit<DeploymentTruth, 'replicas'>>(
      'select id, status, target_replicas as "targetReplicas", revision from deployments order by id',
    ),
    cp.sql<DeploymentTruth['replicas'][number] & { deploymentId: string; newest: boolean }>(
      `select r.id, r.deployment_id as "deploymentId", r.slot, r.generation, r.revision, n.node_id as "nodeId", r.status,
         r.reserved, coalesce((select kind = 'offline' from node_events e where e.node_id = n.id and kind in ('offline', 'online')
           order by id desc limit 1), false) as offline,
         generation = max(generation) over (partition by deployment_id, slot) as newest
       from deployment_replicas r join nodes n on n.id = r.node_id order by r.slot, r.generation desc`,
    ),
  ])
  return deployments.map((deployment) => ({
    ...deployment,
    replicas: replicas
      .filter(({ deploymentId }) => deploymentId === deployment.id)
      .filter(({ reserved, newest, slot }) => reserved || (newest && slot < deployment.targetReplicas))
      .map(({ deploymentId: _1, newest: _2, ...replica }) => replica),
  }))
}

export const nodeTruthOf = ({ cpuPercent: _1, memoryPercent: _2, ...node }: PastNode): NodeTruth => node

export const deploymentTruthOf = (id: string, past: PastDeployment): DeploymentTruth => ({
  id,
  status: past.status,
  targetReplicas: past.targetReplicas,
  revision: past.revision,
  replicas: past.replicas.map(({ node, since: _1, reason: _2, ...replica }) => ({
    ...replica,
    nodeId: node.nodeId,
    offline: node.offline,
  })),
})
