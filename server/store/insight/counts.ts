import type { Store } from '@/server/db/client'

type Counts = Record<string, number>

/** Counts of everything, by status; one round trip. */
export async function fleetCounts(store: Store): Promise<{
  deployments: Counts
  replicas: Counts
  nodes: Counts
  evaluations: Counts
  oldestDueEvaluationSeconds: number
}> {
  const { rows } = await store.pool.query<{ what: string; status: string; count: number }>(
    `select 'deployments' as what, status, count(*)::int as count from deployments group by status
     union all select 'replicas', status, count(*)::int from deployment_replicas where reserved group by status
     union all select 'nodes', status, count(*)::int from nodes where removed_at is null group by status
     union all select 'evaluations', status, count(*)::int from evaluations where status <> 'done' group by status
     union all select 'oldest', '', coalesce(extract(epoch from now() - min(run_after)), 0)::int
       from evaluations where status = 'pending' and run_after <= now()`,
  )
  const of = (what: string): Counts =>
    Object.fromEntries(rows.filter((row) => row.what === what).map((row) => [row.status, row.count]))
  return {
    deployments: of('deployments'),
    replicas: of('replicas'),
    nodes: of('nodes'),
    evaluations: of('evaluations'),
    oldestDueEvaluationSeconds: of('oldest')[''] ?? 0,
  }
}
