import { isUuid, notFound } from '@/core/contract/failure'
import type { DeploymentStatus, ReplicaStatus } from '@/core/deployments/status'
import type { LeavingReplica } from '@/core/nodes/drain'
import type { NodeStatus } from '@/core/placement/node-status'
import type { Store } from '@/server/db/client'

/** A replica that is to leave a node, with its deployment. */
export interface LeavingRow extends LeavingReplica {
  id: string
  slot: number
  deploymentId: string
  deploymentName: string
  /** The decision that refused to place its replacement. */
  refusedDecisionId: string | null
}

interface Row {
  id: string
  slot: number
  deployment_id: string
  deployment_name: string
  status: ReplicaStatus
  wanted: 'run' | 'stop'
  deployment_status: DeploymentStatus
  deployment_reason: string | null
  replacement: LeavingReplica['replacement']
  blocked: boolean
  decision_id: string | null
  decision_outcome: 'placed' | 'refused' | null
  decision_message: string | null
  node_status: NodeStatus
}

/** Every replica that holds a reservation on the node, with the progress of its move. */
export async function leavingReplicas(store: Store, nodeId: string): Promise<LeavingRow[]> {
  if (!isUuid(nodeId)) throw notFound('node', nodeId)
  const { rows } = await store.pool.query<Row>(
    `select r.id, r.slot, r.status, r.wanted, d.id as deployment_id, d.name as deployment_name, d.status as deployment_status,
       n.status as node_status,
       (select h.reason from deployment_status_history h where h.deployment_id = d.id order by h.seq desc limit 1) as deployment_reason,
       (select jsonb_build_object('nodeId', m.node_id, 'status', o.status, 'wanted', o.wanted, 'health', o.health, 'reason', o.reason)
        from deployment_replicas o join nodes m on m.id = o.node_id
        where o.deployment_id = d.id and o.slot = r.slot and o.generation > r.generation order by o.generation desc limit 1) as replacement,
       exists (select 1 from evaluations e where e.deployment_id = d.id and e.status = 'blocked') as blocked,
       c.id as decision_id, c.outcome as decision_outcome, c.message as decision_message
     from deployment_replicas r join deployments d on d.id = r.deployment_id join nodes n on n.id = r.node_id
     left join lateral (
       select id, outcome, message from decisions where deployment_id = d.id order by created_at desc, id desc limit 1
     ) c on true
     where r.node_id = $1 and r.reserved order by d.name, d.id, r.slot, r.generation`,
    [nodeId],
  )
  return rows.map((row) => {
    const refused = row.blocked && row.decision_outcome === 'refused'
    return {
      id: row.id,
      slot: row.slot,
      deploymentId: row.deployment_id,
      deploymentName: row.deployment_name,
      status: row.status,
      wanted: row.wanted,
      deployment: { status: row.deployment_status, reason: row.deployment_reason ?? '' },
      replacement: row.replacement,
      refusal: refused ? row.decision_message : null,
      refusedDecisionId: refused ? row.decision_id : null,
      nodeUnreachable: row.node_status === 'offline',
    }
  })
}
