import { type Store, type Tx, transaction } from '@/server/db/client'
import { announce } from '@/server/db/notify'
import { followObservations } from '@/server/store/deployments/follow-observations'
import { requireLeader } from '@/server/store/leader/leadership'
import { isUnreachable } from '@/server/store/nodes/node-health'
import { raiseDesiredRevision } from '@/server/store/nodes/node-rows'
import { heartbeatsUntil, reportsUntil, seenTime } from '@/server/store/nodes/report-intake'
import { enqueueEvaluations } from '@/server/store/queue/evaluations'
import type { DeploymentStatusChange } from '@/server/store/records/status-changes'

/**
 * A replica that its agent did not acknowledge for this long is lost, although its node is online. The time counts from when
 * the agent was seen to know of it and to have no reports left to deliver. Seconds.
 */
const acknowledgeWithinSeconds = 30
/** The same for an agent that never gets that far: counted from the placement, in seconds. */
const acknowledgeAtLastSeconds = 600

interface LossSweep {
  lost: { id: string; nodeName: string; reason: string }[]
  deployments: DeploymentStatusChange[]
}

/**
 * From and where clauses: live replicas (r) that should run, of deployments (d) that reschedule at all, on offline
 * nodes (n).
 */
export const replicasOnUnreachableNodes = `
  deployment_replicas r join nodes n on n.id = r.node_id join deployments d on d.id = r.deployment_id
  where r.reserved and r.wanted = 'run' and r.status in ('pending', 'starting', 'running')
    and n.status in ('offline', 'maintenance') and ${isUnreachable('n')} and d.lost_after_seconds > 0`

/** How long a node must be offline for a deployment; $1 is the minimum. */
const gracePeriod = 'greatest(d.lost_after_seconds, $1::int)'

/** The time from which the outage of a node counts. */
const offlineFrom = 'greatest(n.last_heartbeat, n.offline_counted_from)'

/** The time from which it counts that an agent does not report a replica. */
const unansweredFrom = 'greatest(r.delivered_at, n.reports_waiting_at)'

/** Replicas (r) that the agents of their nodes (n) have not reported, although the nodes are online. */
const unacknowledged = `
  deployment_replicas r join nodes n on n.id = r.node_id
  where r.reserved and r.wanted = 'run' and r.status in ('pending', 'starting', 'running') and r.acknowledged_at is null
    and n.status not in ('offline', 'maintenance') and not ${isUnreachable('n')}`

/** Whether so many seconds have passed since, not counting time in which no server took reports, as SQL. */
const hasPassed = (from: string, until: string, seconds: string | number): string => `
  (${from} < ${until} - make_interval(secs => ${seconds})
    and ${seenTime(from, until)} > make_interval(secs => ${seconds}))`

const candidates = `
  select r.id, r.deployment_id, r.node_id, n.node_id as node_name, r.status,
    'Node ' || n.node_id || ' has been offline for over ' || ${gracePeriod} || ' s' as reason
  from ${replicasOnUnreachableNodes}
    and ${hasPassed(offlineFrom, heartbeatsUntil, gracePeriod)}
    and not exists (
      select 1 from outage_protections b where b.region = n.region and b.ended_at is null and b.overridden_at is null)
  union all
  select r.id, r.deployment_id, r.node_id, n.node_id, r.status,
    'The agent of ' || n.node_id || ' did not acknowledge it within ${acknowledgeWithinSeconds} s'
  from ${unacknowledged} and r.delivered_at is not null and ${hasPassed(unansweredFrom, reportsUntil, acknowledgeWithinSeconds)}
  union all
  select r.id, r.deployment_id, r.node_id, n.node_id, r.status,
    'The agent of ' || n.node_id || case when r.delivered_at is null then ' could not be told of it'
      else ' could not report on it' end || ' within ${acknowledgeAtLastSeconds} s'
  from ${unacknowledged} and not (r.delivered_at is not null and ${hasPassed(unansweredFrom, reportsUntil, acknowledgeWithinSeconds)})
    and ${hasPassed('r.created_at', reportsUntil, acknowledgeAtLastSeconds)}`

interface Candidate {
  id: string
  deployment_id: string
  node_id: string
  node_name: string
  status: string
  reason: string
}

/**
 * Remembers which replicas their agents know of by now, by the revision that they said to hold: from then on their
 * acknowledgement is due. Those that were reported on at once are acknowledged already, and cost nothing here. It waits for
 * no lock: a row that somebody holds is being reported on, or has its turn in a second.
 */
export async function noteDeliveries(store: Store, epoch: bigint): Promise<void> {
  await transaction(store, async (tx) => {
    await requireLeader(tx, epoch)
    await tx.query(
      `with delivered as (
         select r.id from deployment_replicas r join nodes n on n.id = r.node_id
         where r.reserved and r.wanted = 'run' and r.status in ('pending', 'starting', 'running')
           and r.acknowledged_at is null and r.delivered_at is null and n.held_revision >= r.node_revision
         order by r.id for no key update of r skip locked
       )
       update deployment_replicas r set delivered_at = now() from delivered where r.id = delivered.id`,
    )
  })
}

/**
 * Replicas on nodes that have been offline for longer than their deployment allows, and replicas that no agent
 * acknowledged, are lost: another attempt is scheduled elsewhere. Their reservations stay until the containers are known
 * to be gone, and their nodes are told to stop them when they return. Regions whose outage protection is active are left alone.
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
    await raiseDesiredRevision(tx, nodeIds)
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

/** Deployments first, then replicas, each by id: all writers lock in this order. */
async function lockCandidates(tx: Tx, earliestSeconds: number): Promise<Candidate[]> {
  const { rows: found } = await tx.query<Candidate>(candidates, [earliestSeconds])
  if (found.length === 0) return []
  const deploymentIds = [...new Set(found.map((row) => row.deployment_id))].sort()
  await tx.query('select id from deployments where id = any($1::uuid[]) order by id for no key update', [deploymentIds])
  await tx.query('select id from deployment_replicas where id = any($1::uuid[]) order by id for no key update', [
    found.map((row) => row.id),
  ])
  // Read again once the rows are locked: a heartbeat, a report or an outage protection may have come in between.
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
