import { announce } from './changes'
import { type Store, type Tx, transaction } from './context'
import { enqueueEvaluations } from './evaluations'
import { requireLeader } from './leadership'
import { isSilent } from './node-health'
import { raiseWantedRevision } from './node-rows'
import { followObservations } from './observations'
import type { DeploymentStatusChange } from './status-changes'

/** A replica that no agent acknowledged for this long is lost, although its node is heard. Seconds. */
const acknowledgeWithinSeconds = 30

export interface LossSweep {
  lost: { id: string; nodeName: string; reason: string }[]
  deployments: DeploymentStatusChange[]
}

/** From- and where-clause for wanted, live replicas (r) of deployments (d) that move at all, on nodes (n) that are silent. */
export const replicasOnSilentNodes = `
  deployment_replicas r join nodes n on n.id = r.node_id join deployments d on d.id = r.deployment_id
  where r.reserved and r.wanted = 'run' and r.status in ('pending', 'starting', 'running')
    and n.status in ('offline', 'maintenance') and ${isSilent('n')} and d.lost_after_seconds > 0`

/** How long a node must be silent for a deployment; $1 is the least of it. */
const patience = 'greatest(d.lost_after_seconds, $1::int)'

const candidates = `
  select r.id, r.deployment_id, r.node_id, n.node_id as node_name, r.status,
    'Node ' || n.node_id || ' has been silent for over ' || ${patience} || ' s' as reason
  from ${replicasOnSilentNodes}
    and greatest(n.last_heartbeat, n.silence_counted_from) < now() - make_interval(secs => ${patience})
    and not exists (
      select 1 from storm_brakes b where b.region = n.region and b.ended_at is null and b.overruled_at is null)
  union all
  select r.id, r.deployment_id, r.node_id, n.node_id, r.status,
    'The agent of ' || n.node_id || ' did not acknowledge it within ${acknowledgeWithinSeconds} s'
  from deployment_replicas r join nodes n on n.id = r.node_id
  where r.reserved and r.wanted = 'run' and r.status in ('pending', 'starting', 'running') and not ${isSilent('n')}
    and r.acknowledged_at is null and r.created_at < now() - interval '${acknowledgeWithinSeconds} seconds'`

interface Candidate {
  id: string
  deployment_id: string
  node_id: string
  node_name: string
  status: string
  reason: string
}

/**
 * Replicas on nodes that have been silent for longer than their deployment bears, and replicas that no agent
 * acknowledged, are lost: another attempt is scheduled elsewhere. Their reservations stay until the containers are known
 * to be gone, and their nodes are told to stop them when they return. Regions that a storm brake holds are left alone.
 */
export async function sweepLostReplicas(
  store: Store,
  { epoch, earliestSeconds }: { epoch: bigint; earliestSeconds: number },
): Promise<LossSweep> {
  return transaction(store, async (tx) => {
    await requireLeader(tx, epoch)
    const rows = await lockCandidates(tx, earliestSeconds)
    if (rows.length === 0) return { lost: [], deployments: [] }
    await writeLosses(tx, rows)
    const nodeIds = [...new Set(rows.map((row) => row.node_id))].sort()
    await raiseWantedRevision(tx, nodeIds)
    const touched = [...new Set(rows.map((row) => row.deployment_id))].sort()
    const { changes: deployments } = await followObservations(tx, touched)
    await enqueueEvaluations(tx, touched, 'node-lost')
    await announce(tx, [
      { topic: 'deployment', ids: touched },
      { topic: 'node', ids: nodeIds },
      { topic: 'wanted', ids: nodeIds },
      { topic: 'evaluation', ids: [] },
    ])
    return { lost: rows.map((row) => ({ id: row.id, nodeName: row.node_name, reason: row.reason })), deployments }
  })
}

/** Deployments first, then replicas, each by id: the order that all writers keep. */
async function lockCandidates(tx: Tx, earliestSeconds: number): Promise<Candidate[]> {
  const { rows: found } = await tx.query<Candidate>(candidates, [earliestSeconds])
  if (found.length === 0) return []
  const deploymentIds = [...new Set(found.map((row) => row.deployment_id))].sort()
  await tx.query('select id from deployments where id = any($1::uuid[]) order by id for update', [deploymentIds])
  await tx.query('select id from deployment_replicas where id = any($1::uuid[]) order by id for update', [
    found.map((row) => row.id),
  ])
  // Read again behind the locks: a heartbeat, a report or a brake may have come in between.
  const { rows } = await tx.query<Candidate>(
    `select * from (${candidates}) c where c.id = any($2::uuid[]) order by c.id`,
    [earliestSeconds, found.map((row) => row.id)],
  )
  return rows
}

async function writeLosses(tx: Tx, rows: Candidate[]): Promise<void> {
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
}
