import { isUuid } from '@/core/contract/failure'
import type { PlacedReplica } from '@/core/placement/placed-replica'
import type { Store, Tx } from '@/server/db/client'

/** The replicas that should run, on any node, of the deployments with these names or ids. One query. */
export async function placedReplicas(store: Store, namesOrIds: readonly string[]): Promise<PlacedReplica[]> {
  if (namesOrIds.length === 0) return []
  const { rows } = await store.pool.query<PlacedReplica>({
    name: 'placed-replicas',
    text: `
      select r.id, r.deployment_id as "deploymentId", d.name as "deploymentName", r.node_id as "nodeId"
      from deployments d cross join lateral (select * from deployment_replicas where deployment_id = d.id offset 0) r
      where (d.name = any($1::text[]) or d.id = any($2::uuid[])) and d.status <> 'deleted' and r.reserved and r.wanted = 'run'
      order by r.id`,
    values: [namesOrIds, namesOrIds.filter(isUuid)],
  })
  return rows
}

/** The names and ids that belong to no deployment. */
export async function unknownDeployments(store: Store, namesOrIds: readonly string[]): Promise<string[]> {
  if (namesOrIds.length === 0) return []
  const { rows } = await store.pool.query<{ id: string; name: string }>(
    `select id, name from deployments where (name = any($1::text[]) or id = any($2::uuid[])) and status <> 'deleted'`,
    [namesOrIds, namesOrIds.filter(isUuid)],
  )
  const known = new Set(rows.flatMap(({ id, name }) => [id, name]))
  return namesOrIds.filter((asked) => !known.has(asked) && !known.has(asked.toLowerCase()))
}

/** Retries what waits to be near a replica of these deployments, because one was placed. Returns how many. */
export async function wakeForAffinity(tx: Tx, placed: readonly { id: string; name: string }[]): Promise<number> {
  if (placed.length === 0) return 0
  const { rowCount } = await tx.query({
    name: 'wake-for-affinity',
    text: `
      with near as (
        select e.id from evaluations e join deployments d on d.id = e.deployment_id
        where e.status = 'blocked' and d.placement_rules is not null
          and exists (select 1 from jsonb_array_elements(d.placement_rules->'affinity') a
            where a->>'kind' = 'affinity' and (a->>'required')::boolean and a->>'deployment' = any($1::text[]))
        order by e.id for no key update of e
      )
      update evaluations e set status = 'pending', run_after = now(), trigger = 'capacity' from near
      where e.id = near.id and e.status = 'blocked'`,
    values: [placed.flatMap(({ id, name }) => [id, name])],
  })
  return rowCount ?? 0
}
