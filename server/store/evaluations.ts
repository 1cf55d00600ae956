import { v7 as uuid } from 'uuid'
import type { Store, Tx } from './context'

export const evaluationTriggers = ['deploy', 'scale', 'retry', 'replica-failed', 'node-lost', 'capacity'] as const
export type EvaluationTrigger = (typeof evaluationTriggers)[number]

export interface Evaluation {
  id: string
  deploymentId: string
  trigger: EvaluationTrigger
  /** Higher goes first. */
  priority: number
  attempts: number
}

/**
 * One evaluation waits for a deployment at most: whoever comes second finds the work already queued, and makes it due
 * now unless it is told to wait.
 */
export async function enqueueEvaluations(
  tx: Tx,
  deploymentIds: string[],
  trigger: EvaluationTrigger,
  delayMs = 0,
): Promise<void> {
  if (deploymentIds.length === 0) return
  await tx.query({
    name: 'enqueue-evaluations',
    text: `
      insert into evaluations (id, deployment_id, trigger, priority, run_after)
      select e.id, e.deployment_id, $3, d.priority, now() + make_interval(secs => $4)
      from unnest($1::uuid[], $2::uuid[]) as e(id, deployment_id) join deployments d on d.id = e.deployment_id
      on conflict (deployment_id) where status in ('pending', 'blocked')
      do update set status = 'pending', run_after = least(evaluations.run_after, excluded.run_after)`,
    values: [deploymentIds.map(() => uuid()), deploymentIds, trigger, delayMs / 1000],
  })
}

/** Capacity appeared somewhere: what waits for it is tried again. */
export async function wakeBlockedEvaluations(tx: Tx): Promise<number> {
  const { rowCount } = await tx.query(
    `update evaluations set status = 'pending', run_after = now(), trigger = 'capacity' where status = 'blocked'`,
  )
  return rowCount ?? 0
}

export const leaseSeconds = 30
export const maxEvaluationAttempts = 8

/**
 * Claims what is due, oldest first within a priority; also what a dead scheduler left behind. One statement. Times are
 * kept in whole milliseconds, so what is due now may stand up to half a millisecond ahead.
 */
export async function claimEvaluations(store: Store, worker: string, limit: number): Promise<Evaluation[]> {
  const { rows } = await store.pool.query<{
    id: string
    deployment_id: string
    trigger: EvaluationTrigger
    priority: number
    attempts: number
  }>({
    name: 'claim-evaluations',
    text: `update evaluations e
           set status = 'leased', leased_by = $1, lease_expires_at = now() + make_interval(secs => $3), attempts = attempts + 1
           where id in (
             select id from evaluations
             where (status = 'pending' and run_after <= now() + interval '1 millisecond') or (status = 'leased' and lease_expires_at < now())
             order by priority desc, run_after, id limit $2
             for update skip locked
           )
           returning id, deployment_id, trigger, priority, attempts`,
    values: [worker, limit, leaseSeconds],
  })
  return rows
    .map((row) => ({
      id: row.id,
      deploymentId: row.deployment_id,
      trigger: row.trigger,
      priority: row.priority,
      attempts: row.attempts,
    }))
    .sort((a, b) => b.priority - a.priority || (a.id < b.id ? -1 : 1))
}

/** Milliseconds until the next evaluation is due, 0 when one is, null when none waits. */
export async function nextEvaluationDueMs(store: Store): Promise<number | null> {
  const { rows } = await store.pool.query<{ due: number | null }>(
    `select extract(epoch from min(case when status = 'pending' then run_after else lease_expires_at end) - now())::float8 * 1000 as due
     from evaluations where status in ('pending', 'leased')`,
  )
  const due = rows[0]?.due
  return due === null || due === undefined ? null : Math.max(0, due)
}

/**
 * Something unexpected went wrong: back in the queue later, or dead after the last attempt, where an operator sees it.
 * While it was leased, another evaluation of the same deployment may have been queued: then that one goes on.
 */
export async function releaseEvaluation(
  store: Store,
  { id, worker, error, delayMs, dead }: { id: string; worker: string; error: string; delayMs: number; dead: boolean },
): Promise<void> {
  await store.pool.query(
    `update evaluations e
     set status = case
           when $5 then 'dead'
           when exists (select 1 from evaluations o where o.deployment_id = e.deployment_id and o.status in ('pending', 'blocked'))
             then 'done'
           else 'pending' end,
         error = $3, run_after = now() + make_interval(secs => $4), leased_by = null, lease_expires_at = null,
         finished_at = case when $5 then now() end
     where id = $1 and status = 'leased' and leased_by = $2`,
    [id, worker, error, delayMs / 1000, dead],
  )
}

/** Hands back all leases of a worker that stops. */
export async function returnLeases(store: Store, worker: string): Promise<void> {
  await store.pool.query(
    `update evaluations e set status = case
         when exists (select 1 from evaluations o where o.deployment_id = e.deployment_id and o.status in ('pending', 'blocked'))
           then 'done' else 'pending' end,
       leased_by = null, lease_expires_at = null, attempts = attempts - 1
     where leased_by = $1 and status = 'leased'`,
    [worker],
  )
}

/** Ends leased evaluations inside the transaction that did their work; how many leases were still held. */
export async function settleEvaluations(
  tx: Tx,
  worker: string,
  settled: { id: string; as: 'done' | 'blocked' }[],
): Promise<number> {
  const { rowCount } = await tx.query({
    name: 'settle-evaluations',
    text: `
      update evaluations e set status = case
          when s.outcome = 'blocked' and exists (
            select 1 from evaluations o where o.deployment_id = e.deployment_id and o.status in ('pending', 'blocked')) then 'done'
          else s.outcome end,
        leased_by = null, lease_expires_at = null, error = null, finished_at = case when s.outcome = 'done' then now() end
      from unnest($2::uuid[], $3::text[]) as s(id, outcome)
      where e.id = s.id and e.status = 'leased' and e.leased_by = $1`,
    values: [worker, settled.map((one) => one.id), settled.map((one) => one.as)],
  })
  return rowCount ?? 0
}
