/** The dead-letter queue: work that failed too often is set aside for an operator, who can put it back. */
import { type DeploymentStatus, isOpen } from '@/core/deployments/status'
import { type Store, type Tx, transaction } from '@/server/db/client'
import { announce } from '@/server/db/notify'
import { requireLeader } from '@/server/store/leader/leadership'
import { changeDeploymentStatus, type DeploymentStatusChange } from '@/server/store/records/status-changes'
import type { Committer } from './evaluations'

interface DeadLetter {
  id: string
  deploymentId: string
  /** Why the deployment fails, as a sentence. */
  reason: string
  error: string
}

/**
 * The evaluation is dead and its deployment fails with the reason, in one commit: neither may wait for ever. Nothing
 * happens when the lease is another's by now.
 */
export async function markDead(
  store: Store,
  { epoch, worker }: Committer,
  { id, deploymentId, reason, error }: DeadLetter,
): Promise<DeploymentStatusChange | null> {
  return transaction(store, async (tx) => {
    await requireLeader(tx, epoch)
    const { rows } = await tx.query<{ status: DeploymentStatus }>(
      'select status from deployments where id = $1 for no key update',
      [deploymentId],
    )
    const from = rows[0]?.status
    const tries = from !== undefined && isOpen(from)
    // A deployment that has ended anyway needs no retry.
    const { rowCount } = await tx.query(
      `update evaluations set status = $4, error = $3, leased_by = null, lease_epoch = null, lease_expires_at = null,
         finished_at = now()
       where id = $1 and status = 'leased' and leased_by = $2 and lease_epoch = $5`,
      [id, worker, error, tries ? 'dead' : 'done', epoch.toString()],
    )
    if (rowCount === 0 || !tries) return null
    // What was queued behind it would meet the same end.
    await tx.query(
      `update evaluations set status = 'done', error = $2, finished_at = now()
       where deployment_id = $1 and status in ('pending', 'blocked')`,
      [deploymentId, error],
    )
    const change: DeploymentStatusChange = { id: deploymentId, from, to: 'failed', reason, changedBy: 'scheduler' }
    await changeDeploymentStatus(tx, change)
    await announce(tx, [{ topic: 'deployment', ids: [deploymentId] }])
    return change
  })
}

/** A person changed the deployment: its dead evaluations are dealt with. */
export async function settleDeadEvaluations(tx: Tx, deploymentId: string): Promise<void> {
  await tx.query(`update evaluations set status = 'done' where deployment_id = $1 and status = 'dead'`, [deploymentId])
}
