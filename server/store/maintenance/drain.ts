import { isUuid, notFound } from '@/core/contract/failure'
import { countOf } from '@/core/lib/count-of'
import type { NodeStatus } from '@/core/placement/node-status'
import { type Store, type Tx, transaction } from '@/server/db/client'
import { announce } from '@/server/db/notify'
import { onlineNodeStatus } from '@/server/store/nodes/node-health'
import { recordDrained, recordNodeEvents, refreshNodeStatus } from '@/server/store/nodes/node-rows'
import { enqueueEvaluations, wakeBlockedEvaluations } from '@/server/store/queue/evaluations'
import { type Author, audit } from '@/server/store/records/audit'

interface LockedNode {
  node_id: string
  status: NodeStatus
  draining: boolean
  maintenance_when_drained: boolean
}

/** Locks the node's row; a removed node is not found. */
export async function lockNode(tx: Tx, id: string): Promise<LockedNode> {
  if (!isUuid(id)) throw notFound('node', id)
  const { rows } = await tx.query<LockedNode>(
    'select node_id, status, draining, maintenance_when_drained from nodes where id = $1 and removed_at is null for no key update',
    [id],
  )
  const node = rows[0]
  if (!node) throw notFound('node', id)
  return node
}

/** Deployments with replicas on the node that should run. */
async function deploymentsOn(tx: Tx, id: string): Promise<{ deploymentIds: string[]; replicas: number }> {
  const { rows } = await tx.query<{ deployment_id: string; replicas: number }>(
    `select deployment_id, count(*)::int as replicas from deployment_replicas
     where node_id = $1 and reserved and wanted = 'run' group by deployment_id order by deployment_id`,
    [id],
  )
  return {
    deploymentIds: rows.map((row) => row.deployment_id),
    replicas: rows.reduce((sum, row) => sum + row.replicas, 0),
  }
}

/** How the event of a drain that ends in maintenance begins; the history recognises it (../insight/past-fleet.ts). */
export const drainedForMaintenance = 'Drained for maintenance'

interface DrainStarted {
  nodeId: string
  replicas: number
}

/**
 * Moves everything off a node: each replica keeps running until its replacement works. `maintenance` takes the node
 * out of service once nothing is left on it.
 */
export async function drainNode(
  store: Store,
  author: Author,
  { id, maintenance }: { id: string; maintenance: boolean },
): Promise<DrainStarted> {
  return transaction(store, async (tx) => {
    const node = await lockNode(tx, id)
    const { deploymentIds, replicas } = await deploymentsOn(tx, id)
    if (node.draining && node.maintenance_when_drained === maintenance) return { nodeId: node.node_id, replicas }
    await tx.query(
      'update nodes set draining = true, maintenance_when_drained = $2, updated_at = now() where id = $1',
      [id, maintenance],
    )
    const moves = replicas === 0 ? 'nothing runs on it' : `${countOf(replicas, 'replica')} will move to other nodes`
    await recordNodeEvents(tx, [
      {
        nodeId: id,
        kind: 'draining',
        detail: `${maintenance ? drainedForMaintenance : 'Drained'}: ${moves}`,
        actor: author.name,
      },
    ])
    await refreshNodeStatus(tx, [id])
    await recordDrained(tx, [id])
    await audit(tx, author, {
      action: maintenance ? 'node.maintenance' : 'node.drain',
      subjectType: 'node',
      subjectId: id,
      before: { draining: node.draining, maintenance: node.maintenance_when_drained },
      after: { draining: true, maintenance, replicas },
    })
    await enqueueEvaluations(tx, deploymentIds, 'drain')
    await announce(tx, [
      { topic: 'node', ids: [id] },
      { topic: 'evaluation', ids: [] },
    ])
    return { nodeId: node.node_id, replicas }
  })
}

/** Cancels a drain, or ends maintenance: the node accepts replicas again, and keeps those that have not moved yet. */
export async function undrainNode(store: Store, author: Author, id: string): Promise<{ nodeId: string }> {
  return transaction(store, async (tx) => {
    const node = await lockNode(tx, id)
    if (!node.draining && node.status !== 'maintenance') return { nodeId: node.node_id }
    const { deploymentIds } = await deploymentsOn(tx, id)
    await tx.query(
      `update nodes set draining = false, maintenance_when_drained = false, updated_at = now() where id = $1`,
      [id],
    )
    // After the flags are gone; a node that went offline meanwhile is found by the next check of heartbeats.
    await tx.query(`update nodes n set status = ${onlineNodeStatus('n')} where id = $1 and status = 'maintenance'`, [
      id,
    ])
    const inMaintenance = node.status === 'maintenance'
    await recordNodeEvents(tx, [
      {
        nodeId: id,
        kind: 'undrained',
        detail: inMaintenance ? 'Maintenance is over: uncordoned' : 'The drain was cancelled',
        actor: author.name,
      },
    ])
    await audit(tx, author, {
      action: inMaintenance ? 'node.end-maintenance' : 'node.undrain',
      subjectType: 'node',
      subjectId: id,
      before: { draining: node.draining, maintenance: node.maintenance_when_drained },
      after: { draining: false, maintenance: false },
    })
    await wakeBlockedEvaluations(tx)
    await enqueueEvaluations(tx, deploymentIds, 'drain')
    await announce(tx, [
      { topic: 'node', ids: [id] },
      { topic: 'evaluation', ids: [] },
    ])
    return { nodeId: node.node_id }
  })
}
