import { announce } from './changes'
import { type Store, transaction } from './context'
import { enqueueEvaluations } from './evaluations'
import { requireLeader } from './leadership'
import { heartbeatLimitSeconds, lostAfterSeconds } from './node-health'
import { raiseWantedRevision } from './node-rows'
import { followObservations } from './observations'
import type { DeploymentStatusChange } from './status-changes'

export interface LossSweep {
  /** More than half of the fleet is silent: nothing is declared lost, for the trouble is likely ours. */
  braked: boolean
  lost: { id: string; nodeName: string; reason: string }[]
  deployments: DeploymentStatusChange[]
}

/**
 * Replicas on nodes that have been silent for too long, and replicas that no agent acknowledged, are lost: another
 * attempt is scheduled elsewhere. Their reservations stay until the containers are known to be gone, and their nodes are
 * told to stop them when they return.
 */
export async function sweepLostReplicas(store: Store, epoch: bigint): Promise<LossSweep> {
  return transaction(store, async (tx) => {
    await requireLeader(tx, epoch)
    const { rows: counts } = await tx.query<{ all: number; silent: number }>(
      `select count(*)::int as all, count(*) filter (where last_heartbeat < now() - make_interval(secs => $1))::int as silent
       from nodes where status <> 'maintenance'`,
      [heartbeatLimitSeconds],
    )
    const braked = (counts[0]?.silent ?? 0) * 2 > (counts[0]?.all ?? 0)
    if (braked) return { braked, lost: [], deployments: [] }
    const candidates = `
      select r.id, r.deployment_id, r.node_id, n.node_id as node_name, r.status,
        case when n.last_heartbeat < now() - make_interval(secs => $1) then 'Node ' || n.node_id || ' has been silent for over ' || $1 || ' s'
             else 'The agent of ' || n.node_id || ' did not acknowledge it within ' || $1 || ' s' end as reason
      from deployment_replicas r join nodes n on n.id = r.node_id
      where r.reserved and r.wanted = 'run' and r.status in ('pending', 'starting', 'running')
        and (n.last_heartbeat < now() - make_interval(secs => $1)
          or (r.acknowledged_at is null and r.created_at < now() - make_interval(secs => $1)))`
    const { rows: found } = await tx.query<{ deployment_id: string }>(candidates, [lostAfterSeconds])
    if (found.length === 0) return { braked, lost: [], deployments: [] }
    const deploymentIds = [...new Set(found.map((row) => row.deployment_id))].sort()
    await tx.query('select id from deployments where id = any($1::uuid[]) order by id for update', [deploymentIds])
    // Read again behind the locks: a report may have come in between.
    const { rows } = await tx.query<{
      id: string
      deployment_id: string
      node_id: string
      node_name: string
      status: string
      reason: string
    }>(`${candidates} and r.deployment_id = any($2::uuid[]) order by r.id for update of r`, [
      lostAfterSeconds,
      deploymentIds,
    ])
    if (rows.length === 0) return { braked, lost: [], deployments: [] }
    await tx.query(
      `with gone as (select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[]) as g(id, deployment_id, status, reason)),
       moved as (
         update deployment_replicas r set status = 'lost', wanted = 'stop', reason = gone.reason, finished_at = now(), updated_at = now()
         from gone where r.id = gone.id
       )
       insert into replica_status_history (replica_id, deployment_id, old_status, new_status, reason, changed_by)
       select id, deployment_id, status, 'lost', reason, 'scheduler' from gone`,
      [
        rows.map((row) => row.id),
        rows.map((row) => row.deployment_id),
        rows.map((row) => row.status),
        rows.map((row) => row.reason),
      ],
    )
    const nodeIds = [...new Set(rows.map((row) => row.node_id))].sort()
    await raiseWantedRevision(tx, nodeIds)
    const touched = [...new Set(rows.map((row) => row.deployment_id))].sort()
    const deployments = await followObservations(tx, touched)
    await enqueueEvaluations(tx, touched, 'node-lost')
    await announce(tx, [
      { topic: 'deployment', ids: touched },
      { topic: 'node', ids: nodeIds },
      { topic: 'wanted', ids: nodeIds },
      { topic: 'evaluation', ids: [] },
    ])
    return {
      braked,
      lost: rows.map((row) => ({ id: row.id, nodeName: row.node_name, reason: row.reason })),
      deployments,
    }
  })
}
