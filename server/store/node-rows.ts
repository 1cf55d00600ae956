import type { Tx } from './context'
import { derivedNodeStatus } from './node-health'

/** Agents compare this number with what they hold. `nodeIds` must be sorted: all writers lock nodes in that order. */
export async function raiseWantedRevision(tx: Tx, nodeIds: string[]): Promise<void> {
  if (nodeIds.length === 0) return
  await tx.query(
    `with locked as (select id from nodes where id = any($1::uuid[]) order by id for update)
     update nodes n set wanted_revision = wanted_revision + 1 from locked where n.id = locked.id`,
    [nodeIds],
  )
}

/** After reservations changed: idle, active or busy. The rows must be locked. */
export async function refreshNodeStatus(tx: Tx, nodeIds: string[]): Promise<void> {
  const status = derivedNodeStatus('n')
  await tx.query(`update nodes n set status = ${status} where n.id = any($1::uuid[]) and n.status <> ${status}`, [
    nodeIds,
  ])
}

export interface NodeEvent {
  nodeId: string
  kind: 'joined' | 'online' | 'offline' | 'cordoned' | 'uncordoned' | 'engine'
  detail: string
  actor: string
}

export async function recordNodeEvents(tx: Pick<Tx, 'query'>, events: NodeEvent[]): Promise<void> {
  if (events.length === 0) return
  await tx.query(
    `insert into node_events (node_id, kind, detail, actor)
     select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[])`,
    [events.map((e) => e.nodeId), events.map((e) => e.kind), events.map((e) => e.detail), events.map((e) => e.actor)],
  )
}
