import type { Tx } from '@/server/db/client'
import { derivedNodeStatus } from './node-health'

/**
 * Agents compare this number with what they hold. All writers lock nodes by id; and without their keys, so that whoever
 * only refers to a node (its events, its returns) waits for nobody.
 */
export async function raiseDesiredRevision(tx: Tx, nodeIds: string[]): Promise<void> {
  if (nodeIds.length === 0) return
  await tx.query({
    name: 'raise-wanted-revision',
    text: `
      with locked as (select id from nodes where id = any($1::uuid[]) order by id for no key update)
      update nodes n set wanted_revision = wanted_revision + 1 from locked where n.id = locked.id`,
    values: [nodeIds],
  })
}

/** Sets the status to idle, active or busy after reservations changed. The rows must be locked. */
export async function refreshNodeStatus(tx: Tx, nodeIds: string[]): Promise<void> {
  if (nodeIds.length === 0) return
  const status = derivedNodeStatus('n')
  await tx.query({
    name: 'refresh-node-status',
    text: `update nodes n set status = ${status} where n.id = any($1::uuid[]) and n.status <> ${status}`,
    values: [nodeIds],
  })
}

export interface NodeEvent {
  nodeId: string
  kind:
    | 'joined'
    | 'online'
    | 'offline'
    | 'cordoned'
    | 'uncordoned'
    | 'engine'
    | 'draining'
    | 'drained'
    | 'undrained'
    | 'maintenance'
    | 'removed'
    | 'refused'
    | 'moved'
    | 'resized'
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

/** Records the end of the drain of those nodes whose last reservation was just released. The rows must be locked. */
export async function recordDrained(tx: Pick<Tx, 'query'>, nodeIds: string[]): Promise<void> {
  await tx.query(
    `insert into node_events (node_id, kind, detail, actor)
     select id, case when status = 'maintenance' then 'maintenance' else 'drained' end,
       case when status = 'maintenance' then 'Nothing is left on it: in maintenance' else 'Nothing is left on it' end, 'scheduler'
     from nodes where id = any($1::uuid[]) and draining and reserved_cpu_millis = 0`,
    [nodeIds],
  )
}
