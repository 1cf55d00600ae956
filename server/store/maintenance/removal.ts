import { Failure, isUuid, notFound } from '@/core/contract/failure'
import { isLive, type ReplicaStatus } from '@/core/deployments/status'
import { countOf } from '@/core/lib/count-of'
import { type Store, type Tx, transaction } from '@/server/db/client'
import { announce } from '@/server/db/notify'
import { followObservations } from '@/server/store/deployments/follow-observations'
import { recordNodeEvents } from '@/server/store/nodes/node-rows'
import { enqueueEvaluations } from '@/server/store/queue/evaluations'
import { type Author, audit } from '@/server/store/records/audit'
import type { DeploymentStatusChange } from '@/server/store/records/status-changes'
import { releaseHostPorts } from '@/server/store/scheduling/host-ports'
import { lockNode } from './drain'

interface NodeRemoval {
  id: string
  /** The node's name, typed to confirm that the replicas of an offline node are lost; else null. */
  lostName: string | null
}

interface NodeRemoved {
  nodeId: string
  lost: number
  deployments: DeploymentStatusChange[]
}

interface HeldReplica {
  id: string
  deployment_id: string
  status: ReplicaStatus
}

/**
 * Takes a node out of the fleet: its credential is void, its name free, its history stays. A node that holds
 * reservations is drained first; only what an offline one held may be given up, when that is said with its name.
 */
export async function removeNode(store: Store, author: Author, { id, lostName }: NodeRemoval): Promise<NodeRemoved> {
  if (!isUuid(id)) throw notFound('node', id)
  return transaction(store, async (tx) => {
    const held = await lockHeldReplicas(tx, id)
    const node = await lockNode(tx, id)
    const { rows: now } = await tx.query<{ held: number }>(
      'select count(*)::int as held from deployment_replicas where node_id = $1 and reserved',
      [id],
    )
    if (now[0]?.held !== held.length)
      throw new Failure('conflict', `What ${node.node_id} runs changed a moment ago: look again, then remove it`)
    if (held.length > 0) refuseUnlessLost(node, { held: held.length, lostName })
    const deploymentIds = [...new Set(held.map((replica) => replica.deployment_id))].sort()
    await loseReplicas(tx, held, { nodeId: node.node_id, author })
    await tx.query(
      `update nodes set removed_at = now(), status = 'maintenance', draining = false, maintenance_when_drained = false,
         reserved_cpu_millis = 0, reserved_memory_mb = 0, reserved_storage_gb = 0, reserved_gpu = 0, updated_at = now()
       where id = $1`,
      [id],
    )
    const lostText =
      held.length > 0 ? `; ${countOf(held.length, 'replica')} on it ${held.length === 1 ? 'is' : 'are'} lost` : ''
    await recordNodeEvents(tx, [
      { nodeId: id, kind: 'removed', detail: `Removed from the fleet${lostText}`, actor: author.name },
    ])
    await audit(tx, author, {
      action: 'node.remove',
      subjectType: 'node',
      subjectId: id,
      before: { name: node.node_id, status: node.status, replicas: held.length },
    })
    const { changes: deployments } = await followObservations(tx, deploymentIds)
    await enqueueEvaluations(tx, deploymentIds, 'node-lost')
    await announce(tx, [
      // Of any node: whoever keeps the fleet in memory reads all of it, and finds this one gone.
      { topic: 'node', ids: [] },
      { topic: 'evaluation', ids: [] },
      ...(deploymentIds.length > 0 ? [{ topic: 'deployment', ids: deploymentIds } as const] : []),
    ])
    return { nodeId: node.node_id, lost: held.length, deployments }
  })
}

/** Deployments, then replicas, then (by the caller) the node: the order that all writers keep. */
async function lockHeldReplicas(tx: Tx, nodeId: string): Promise<HeldReplica[]> {
  await tx.query(
    `select id from deployments where id in (select deployment_id from deployment_replicas where node_id = $1 and reserved)
     order by id for no key update`,
    [nodeId],
  )
  const { rows } = await tx.query<HeldReplica>(
    'select id, deployment_id, status from deployment_replicas where node_id = $1 and reserved order by id for no key update',
    [nodeId],
  )
  return rows
}

function refuseUnlessLost(
  node: { node_id: string; status: string },
  { held, lostName }: { held: number; lostName: string | null },
): void {
  const holds = `${node.node_id} still holds ${countOf(held, 'replica')}`
  if (node.status !== 'offline') throw new Failure('conflict', `${holds}: drain it first, then remove it`)
  if (lostName !== node.node_id)
    throw new Failure('conflict', `${holds}, and is offline: removing it gives them up. Type its name to say so`)
}

async function loseReplicas(
  tx: Tx,
  held: HeldReplica[],
  { nodeId, author }: { nodeId: string; author: Author },
): Promise<void> {
  if (held.length === 0) return
  const reason = `Node ${nodeId} was removed`
  const lost = held.filter(({ status }) => isLive(status) || status === 'stopping')
  await tx.query(
    `update deployment_replicas set reserved = false, released_at = now(), wanted = 'stop', updated_at = now(),
       status = case when id = any($2::uuid[]) then 'lost' else status end,
       reason = case when id = any($2::uuid[]) then $3 else reason end, finished_at = coalesce(finished_at, now())
     where id = any($1::uuid[])`,
    [held.map(({ id }) => id), lost.map(({ id }) => id), reason],
  )
  await releaseHostPorts(
    tx,
    held.map(({ id }) => id),
  )
  await tx.query(
    `insert into replica_status_history (replica_id, deployment_id, old_status, new_status, reason, changed_by)
     select id, deployment_id, old_status, 'lost', $4, $5 from unnest($1::uuid[], $2::uuid[], $3::text[]) as l(id, deployment_id, old_status)`,
    [
      lost.map(({ id }) => id),
      lost.map((replica) => replica.deployment_id),
      lost.map(({ status }) => status),
      reason,
      author.name,
    ],
  )
}
