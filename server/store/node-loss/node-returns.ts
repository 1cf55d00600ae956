import { isUuid, notFound } from '@/core/contract/failure'
import { planOfReturn, type ReturningReplica, type ReturnOutcome, type ReturnPlan } from '@/core/nodes/return'
import type { NodeReturnsView, ReturnedReplicaView } from '@/core/views/node-loss'
import type { Store, Tx } from '@/server/db/client'

export interface Absence {
  nodeId: string
  /** The last heartbeat before. */
  offlineSince: Date
}

interface HeldRow {
  replica_id: string
  node_id: string
  deployment_id: string
  deployment_name: string
  slot: number
  generation: number
  status: ReturningReplica['status']
  wanted: ReturningReplica['wanted']
  deployment_status: ReturningReplica['deployment']['status']
  target_replicas: number
  successor_generation: number | null
  successor_node: string | null
}

/** All replicas that may still have a container on these nodes. */
const heldReplicas = `
  select r.id as replica_id, r.node_id, d.id as deployment_id, d.name as deployment_name, r.slot, r.generation, r.status, r.wanted,
    d.status as deployment_status, d.target_replicas, s.generation as successor_generation, s.node_name as successor_node
  from deployment_replicas r join deployments d on d.id = r.deployment_id
  left join lateral (
    select o.generation, n.node_id as node_name from deployment_replicas o join nodes n on n.id = o.node_id
    where o.deployment_id = r.deployment_id and o.slot = r.slot and o.generation > r.generation
    order by o.generation desc limit 1) s on true
  where r.node_id = any($1::uuid[]) and r.reserved
  order by d.name, r.slot, r.generation`

const planOf = (row: HeldRow): { plan: ReturnPlan; why: string } =>
  planOfReturn({
    slot: row.slot,
    status: row.status,
    wanted: row.wanted,
    deployment: { status: row.deployment_status, targetReplicas: row.target_replicas },
    successor:
      row.successor_generation === null
        ? null
        : { generation: row.successor_generation, nodeName: row.successor_node ?? '' },
  })

/**
 * Writes down that nodes came back, with what is to be done about each replica that they hold. Whatever they say first,
 * a heartbeat or a report, opens it; the other finds it open.
 */
export async function openReturns(tx: Tx, absences: Absence[]): Promise<void> {
  if (absences.length === 0) return
  const { rows: opened } = await tx.query<{ id: string; node_id: string }>(
    `insert into node_returns (node_id, offline_since) select * from unnest($1::uuid[], $2::timestamptz[])
     on conflict (node_id, offline_since) do nothing returning id, node_id`,
    [absences.map((one) => one.nodeId), absences.map((one) => one.offlineSince)],
  )
  if (opened.length === 0) return
  const returnOf = new Map(opened.map((row) => [row.node_id, row.id]))
  const { rows } = await tx.query<HeldRow>(heldReplicas, [[...returnOf.keys()]])
  const plans = rows.map(planOf)
  await tx.query(
    `insert into node_return_replicas (return_id, replica_id, plan, why)
     select * from unnest($1::bigint[], $2::uuid[], $3::text[], $4::text[])`,
    [
      rows.map((row) => returnOf.get(row.node_id)),
      rows.map((row) => row.replica_id),
      plans.map(({ plan }) => plan),
      plans.map(({ why }) => why),
    ],
  )
}

/** What an agent told of a replica that a return waits for; `words` say why, where the plan did not foresee it. */
export interface ReturnNews {
  replicaId: string
  what: 'kept' | 'failed' | 'gone'
  message: string | null
}

export async function settleReturns(tx: Tx, news: ReturnNews[]): Promise<void> {
  if (news.length === 0) return
  await tx.query({
    name: 'settle-returns',
    text: `
      update node_return_replicas r set settled_at = now(), why = coalesce(n.message, r.why),
        outcome = case when n.what <> 'gone' then n.what when r.plan = 'update' then 'updated' else 'stopped' end
      from unnest($1::uuid[], $2::text[], $3::text[]) as n(replica_id, what, message)
      where r.replica_id = n.replica_id and r.settled_at is null`,
    values: [news.map((one) => one.replicaId), news.map((one) => one.what), news.map((one) => one.message)],
  })
}

/** How many returns of a node are shown. */
const shownReturns = 5

/** The latest returns of a node; while it is offline, also what its return would do now. */
export async function readReturns(store: Store, id: string): Promise<NodeReturnsView> {
  if (!isUuid(id)) throw notFound('node', id)
  const node = await store.prisma.node.findUnique({ where: { id }, select: { status: true } })
  if (!node) throw notFound('node', id)
  const [returns, awaited] = await Promise.all([
    store.prisma.nodeReturn.findMany({
      where: { nodeId: id },
      orderBy: { id: 'desc' },
      take: shownReturns,
      include: { replicas: true },
    }),
    node.status === 'offline' ? store.pool.query<HeldRow>(heldReplicas, [[id]]) : null,
  ])
  const names = await namesOf(
    store,
    returns.flatMap((one) => one.replicas.map((replica) => replica.replicaId)),
  )
  return {
    awaited:
      awaited?.rows.map((row) => ({
        replicaId: row.replica_id,
        deploymentId: row.deployment_id,
        deploymentName: row.deployment_name,
        slot: row.slot,
        generation: row.generation,
        ...planOf(row),
        outcome: null,
        settledAt: null,
      })) ?? null,
    returns: returns.map((one) => ({
      id: one.id.toString(),
      offlineSince: one.offlineSince.toISOString(),
      returnedAt: one.returnedAt.toISOString(),
      replicas: one.replicas
        .flatMap((replica): ReturnedReplicaView[] => {
          const name = names.get(replica.replicaId)
          if (!name) return []
          return [
            {
              ...name,
              replicaId: replica.replicaId,
              plan: replica.plan as ReturnPlan,
              outcome: replica.outcome as ReturnOutcome | null,
              why: replica.why,
              settledAt: replica.settledAt?.toISOString() ?? null,
            },
          ]
        })
        .sort((a, b) =>
          a.deploymentName < b.deploymentName ? -1 : a.deploymentName > b.deploymentName ? 1 : a.slot - b.slot,
        ),
    })),
  }
}

async function namesOf(store: Store, replicaIds: string[]) {
  const { rows } = await store.pool.query<
    Pick<ReturnedReplicaView, 'deploymentId' | 'deploymentName' | 'slot' | 'generation'> & { id: string }
  >(
    `select r.id, d.id as "deploymentId", d.name as "deploymentName", r.slot, r.generation
     from deployment_replicas r join deployments d on d.id = r.deployment_id where r.id = any($1::uuid[])`,
    [replicaIds],
  )
  return new Map(rows.map(({ id, ...name }) => [id, name]))
}
