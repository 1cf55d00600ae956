import type { Store } from '@/server/db/client'

/** A deployment that should run, with what a drill needs to know. */
export interface DrillCandidate {
  id: string
  name: string
  priority: number
  lostAfterSeconds: number
  wanted: number
  /** Slots with a replica that runs on an online node. */
  running: number
  /** Replicas on the nodes that should run. */
  hit: number
  /** Whether it waits for capacity. */
  waits: boolean
}

/** Every deployment that should run, with its replicas on the nodes. One query, whatever the size. */
export async function drillCandidates(store: Store, nodeIds: readonly string[]): Promise<DrillCandidate[]> {
  const { rows } = await store.pool.query<DrillCandidate>(
    `with held as (
       select r.deployment_id, count(distinct r.slot) filter (where r.status = 'running' and n.status <> 'offline')::int as running,
         count(*) filter (where r.node_id = any($1::uuid[]))::int as hit
       from deployment_replicas r join nodes n on n.id = r.node_id
       where r.reserved and r.wanted = 'run' and r.status in ('pending', 'starting', 'running')
       group by r.deployment_id
     )
     select d.id, d.name, d.priority, d.lost_after_seconds as "lostAfterSeconds", d.target_replicas as wanted,
       coalesce(held.running, 0) as running, coalesce(held.hit, 0) as hit,
       exists (select 1 from evaluations e where e.deployment_id = d.id and e.status = 'blocked') as waits
     from deployments d left join held on held.deployment_id = d.id
     where d.status <> 'deleted' and d.target_replicas > 0
     order by d.name, d.id`,
    [nodeIds],
  )
  return rows
}

/** The nodes whose failure would stop most deployments altogether, then those with most replicas: ids. */
export async function likelyWeakNodes(store: Store, limit: number): Promise<string[]> {
  const { rows } = await store.pool.query<{ id: string }>(
    `with live as (
       select node_id, deployment_id, count(*) over (partition by deployment_id) = count(*) over (partition by deployment_id, node_id) as whole
       from deployment_replicas where reserved and wanted = 'run' and status in ('pending', 'starting', 'running')
     )
     select node_id as id from live
     group by node_id order by count(distinct deployment_id) filter (where whole) desc, count(*) desc, node_id limit $1`,
    [limit],
  )
  return rows.map(({ id }) => id)
}
