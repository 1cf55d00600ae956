/** Scheduling work that does not continue at once: dead, retried later, or waiting for capacity. */
import { Failure, isUuid, notFound } from '@/core/contract/failure'
import { actionBlocked } from '@/core/deployments/actions'
import type { DeploymentStatus } from '@/core/deployments/status'
import type { DeadLetterKind } from '@/core/queue/dead-letters'
import type { EvaluationTrigger } from '@/core/queue/evaluation'
import { type Store, transaction } from '@/server/db/client'
import { announce } from '@/server/db/notify'
import type { Actor } from '@/server/store/records/audit'
import { audit } from '@/server/store/records/audit'

interface DeadLetterEvaluation {
  id: string
  kind: DeadLetterKind
  trigger: EvaluationTrigger
  attempts: number
  /** The last error. */
  error: string | null
  since: Date
  /** When it is retried automatically. */
  nextTryAt: Date | null
  deployment: { id: string; name: string; status: DeploymentStatus; userId: string; owner: string }
}

interface DeadLetterRow {
  id: string
  status: 'dead' | 'pending' | 'blocked'
  trigger: EvaluationTrigger
  attempts: number
  error: string | null
  since: Date
  run_after: Date
  deployment_id: string
  name: string
  deployment_status: DeploymentStatus
  user_id: string
  owner: string
}

const kinds: Record<DeadLetterRow['status'], DeadLetterKind> = { dead: 'dead', pending: 'retrying', blocked: 'waiting' }
/** More than anybody reads; the counts include all. */
const mostShown = 1_000
const isUnfinished = `(e.status in ('dead', 'blocked') or (e.status = 'pending' and e.attempts > 0))`

/** Those that need a person first, then by age, newest first. */
export async function listDeadLetters(
  store: Store,
): Promise<{ items: DeadLetterEvaluation[]; counts: Record<DeadLetterKind, number> }> {
  const { rows } = await store.pool.query<DeadLetterRow>(
    `select e.id, e.status, e.trigger, e.attempts, e.error, coalesce(e.finished_at, e.created_at) as since, e.run_after,
       d.id as deployment_id, d.name, d.status as deployment_status, d.user_id, u.username as owner
     from evaluations e join deployments d on d.id = e.deployment_id join users u on u.id = d.user_id
     where ${isUnfinished} order by e.status = 'dead' desc, e.status = 'pending' desc, since desc, e.id limit ${mostShown}`,
  )
  const { rows: counted } = await store.pool.query<{ status: DeadLetterRow['status']; count: number }>(
    `select e.status, count(*)::int as count from evaluations e where ${isUnfinished} group by e.status`,
  )
  const counts: Record<DeadLetterKind, number> = { dead: 0, retrying: 0, waiting: 0 }
  for (const { status, count } of counted) counts[kinds[status]] = count
  return { items: rows.map(deadLetterEvaluation), counts }
}

const deadLetterEvaluation = (row: DeadLetterRow): DeadLetterEvaluation => ({
  id: row.id,
  kind: kinds[row.status],
  trigger: row.trigger,
  attempts: row.attempts,
  error: row.error,
  since: row.since,
  nextTryAt: row.status === 'pending' ? row.run_after : null,
  deployment: {
    id: row.deployment_id,
    name: row.name,
    status: row.deployment_status,
    userId: row.user_id,
    owner: row.owner,
  },
})

/**
 * Retries at once what waits for its next attempt or for capacity. A dead evaluation is retried with its deployment.
 */
export async function tryNow(store: Store, actor: Actor, id: string): Promise<{ deploymentId: string; name: string }> {
  if (!isUuid(id)) throw notFound('evaluation', id)
  return transaction(store, async (tx) => {
    const { rows } = await tx.query<DeadLetterRow>(
      `select e.status, d.id as deployment_id, d.name, d.status as deployment_status, d.user_id, u.username as owner
       from evaluations e join deployments d on d.id = e.deployment_id join users u on u.id = d.user_id
       where e.id = $1 for update of e`,
      [id],
    )
    const row = rows[0]
    if (!row) throw notFound('evaluation', id)
    const deployment = { userId: row.user_id, owner: row.owner, status: row.deployment_status }
    const blocked = actionBlocked(actor, deployment, 'scale')
    if (blocked) throw new Failure(blocked.code, blocked.message)
    if (row.status !== 'pending' && row.status !== 'blocked')
      throw new Failure('conflict', 'This is not waiting any more: look at the list again')
    await tx.query(`update evaluations set status = 'pending', run_after = now() where id = $1`, [id])
    await audit(tx, actor, {
      action: 'evaluation.try-now',
      subjectType: 'deployment',
      subjectId: row.deployment_id,
    })
    await announce(tx, [
      { topic: 'evaluation', ids: [] },
      { topic: 'deployment', ids: [row.deployment_id] },
    ])
    return { deploymentId: row.deployment_id, name: row.name }
  })
}
