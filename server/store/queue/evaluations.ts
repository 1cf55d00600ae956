import { v7 as uuid } from 'uuid'
import type { Evaluation, EvaluationTrigger } from '@/core/queue/evaluation'
import type { Store, Tx } from '@/server/db/client'
import { StaleLeaderError } from '@/server/store/leader/leadership'

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

/** Retries evaluations that wait for capacity, because some was freed. */
export async function wakeBlockedEvaluations(tx: Tx): Promise<number> {
  const { rowCount } = await tx.query(
    `with blocked as (select id from evaluations where status = 'blocked' order by id for no key update)
     update evaluations e set status = 'pending', run_after = now(), trigger = 'capacity' from blocked
     where e.id = blocked.id and e.status = 'blocked'`,
  )
  return rowCount ?? 0
}

/** Evaluations that wait for capacity, ordered by the ids of their deployments, starting behind `after`. */
export async function readBlockedEvaluations(
  store: Store,
  { after, limit }: { after: string | null; limit: number },
): Promise<Evaluation[]> {
  const { rows } = await store.pool.query<Evaluation>({
    name: 'read-blocked-evaluations',
    text: `
      select id, deployment_id as "deploymentId", trigger, priority, attempts from evaluations
      where status = 'blocked' and ($1::uuid is null or deployment_id > $1) order by deployment_id limit $2`,
    values: [after, limit],
  })
  return rows
}

const leaseSeconds = 30
export const maxEvaluationAttempts = 8

/** The worker: the fencing number of its leadership term, and the name under which it holds leases. */
export interface Committer {
  epoch: bigint
  worker: string
}

/** `fresh`: never begun. `retried`: begun before and not completed; it may be what ended a scheduler. */
interface Claim {
  limit: number
  which: 'fresh' | 'retried'
}

/**
 * Claims what is due, oldest first within a priority; also what an earlier term left behind, at once, because its
 * leases can commit nothing any more. One statement, which changes nothing when another scheduler leads. It does not wait
 * for the disk: what is done under a lease does. A crash of the database takes back at most the lease and its attempt.
 * Times are kept in whole milliseconds, so what is due now may stand up to half a millisecond ahead.
 * @throws StaleLeaderError when another scheduler leads.
 */
export async function claimEvaluations(
  store: Store,
  { epoch, worker }: Committer,
  { limit, which }: Claim,
): Promise<Evaluation[]> {
  const { rows } = await store.pool.query<{
    id: string | null
    deployment_id: string
    trigger: EvaluationTrigger
    priority: number
    attempts: number
  }>({
    name: `claim-${which}-evaluations`,
    text: `with unhurried as materialized (select set_config('synchronous_commit', 'off', true)),
           term as (select 1 from scheduler_leadership where id = 1 and epoch = $4 for key share),
           claimed as (
             update evaluations e
             set status = 'leased', leased_by = $1, lease_epoch = $4, lease_expires_at = now() + make_interval(secs => $3),
               attempts = attempts + 1
             where exists (select 1 from term) and id in (
               select id from evaluations
               where attempts ${which === 'fresh' ? '= 0' : '> 0'} and (
                 (status = 'pending' and run_after <= now() + interval '1 millisecond')
                 or (status = 'leased' and (lease_expires_at < now() or coalesce(lease_epoch, 0) < $4)))
               order by priority desc, run_after, id limit $2
               for update skip locked
             )
             returning id, deployment_id, trigger, priority, attempts
           )
           select claimed.* from term cross join unhurried left join claimed on true`,
    values: [worker, limit, leaseSeconds, epoch.toString()],
  })
  if (rows.length === 0) throw new StaleLeaderError(epoch)
  return rows
    .flatMap(({ id, deployment_id, ...row }) => (id === null ? [] : [{ id, deploymentId: deployment_id, ...row }]))
    .sort((a, b) => b.priority - a.priority || (a.id < b.id ? -1 : 1))
}

/** Milliseconds until the next evaluation is due; 0 if one is due, null if none waits. */
export async function nextEvaluationDueMs(store: Store): Promise<number | null> {
  const { rows } = await store.pool.query<{ due: number | null }>(
    `select extract(epoch from min(case when status = 'pending' then run_after else lease_expires_at end) - now())::float8 * 1000 as due
     from evaluations where status in ('pending', 'leased')`,
  )
  const due = rows[0]?.due
  return due === null || due === undefined ? null : Math.max(0, due)
}

/**
 * Something unexpected went wrong: back in the queue for later. While it was leased, another evaluation of the same
 * deployment may have been queued: then that one goes on, and knows of the attempts that there were.
 */
export async function releaseEvaluation(
  store: Store,
  { epoch, worker }: Committer,
  { id, error, delayMs }: { id: string; error: string; delayMs: number },
): Promise<void> {
  await store.pool.query(
    `with term as (select 1 from scheduler_leadership where id = 1 and epoch = $5 for key share),
     mine as (
       select e.id, e.deployment_id, e.attempts from evaluations e, term
       where e.id = $1 and e.status = 'leased' and e.leased_by = $2 and e.lease_epoch = $5 for update of e
     ),
     heir as (
       update evaluations o set attempts = greatest(o.attempts, mine.attempts), error = $3,
         run_after = greatest(o.run_after, now() + make_interval(secs => $4))
       from mine where o.deployment_id = mine.deployment_id and o.status in ('pending', 'blocked') returning o.id
     )
     update evaluations e
     set status = case when exists (select 1 from heir) then 'done' else 'pending' end, error = $3,
       run_after = now() + make_interval(secs => $4), leased_by = null, lease_epoch = null, lease_expires_at = null
     from mine where e.id = mine.id`,
    [id, worker, error, delayMs / 1000, epoch.toString()],
  )
}

/** Returns all leases of a worker that stops; those that a later term took over are no longer its own. */
export async function returnLeases(store: Store, { epoch, worker }: Committer): Promise<void> {
  await store.pool.query(
    `update evaluations e set status = case
         when exists (select 1 from evaluations o where o.deployment_id = e.deployment_id and o.status in ('pending', 'blocked'))
           then 'done' else 'pending' end,
       leased_by = null, lease_epoch = null, lease_expires_at = null, attempts = attempts - 1
     where leased_by = $1 and lease_epoch = $2 and status = 'leased'`,
    [worker, epoch.toString()],
  )
}

/**
 * Ends leased evaluations inside the transaction that did their work; how many leases were still held. To be refused is
 * no failed attempt: what waits for capacity may be refused as often as it takes.
 */
export async function settleEvaluations(
  tx: Tx,
  { epoch, worker }: Committer,
  settled: { id: string; as: 'done' | 'blocked' }[],
): Promise<number> {
  const { rowCount } = await tx.query({
    name: 'settle-evaluations',
    text: `
      update evaluations e set status = case
          when s.outcome = 'blocked' and exists (
            select 1 from evaluations o where o.deployment_id = e.deployment_id and o.status in ('pending', 'blocked')) then 'done'
          else s.outcome end,
        leased_by = null, lease_epoch = null, lease_expires_at = null, error = null,
        attempts = case when s.outcome = 'blocked' then 0 else e.attempts end,
        finished_at = case when s.outcome = 'done' then now() end
      from unnest($2::uuid[], $3::text[]) as s(id, outcome)
      where e.id = s.id and e.status = 'leased' and e.leased_by = $1 and e.lease_epoch = $4`,
    values: [worker, settled.map((one) => one.id), settled.map((one) => one.as), epoch.toString()],
  })
  return rowCount ?? 0
}
