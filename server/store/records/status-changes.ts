import { v7 as uuid } from 'uuid'
import { canTransition, type DeploymentStatus, deploymentTransitions, TransitionError } from '@/core/deployments/status'
import type { Tx } from '@/server/db/client'

export interface DeploymentStatusChange {
  id: string
  from: DeploymentStatus
  to: DeploymentStatus
  reason: string
  changedBy: string
}

/**
 * The only way to change deployments' statuses: along the transition table, with a history row each. Rows must be
 * locked.
 */
export async function changeDeploymentStatuses(tx: Tx, changes: DeploymentStatusChange[]): Promise<void> {
  if (changes.length === 0) return
  for (const { id, from, to } of changes)
    if (!canTransition(deploymentTransitions, from, to)) throw new TransitionError(`Deployment ${id}`, from, to)
  const { rowCount } = await tx.query({
    name: 'change-deployment-statuses',
    text: `
      with change as (
        select * from unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::text[], $6::text[])
          as c(id, old_status, new_status, history_id, changed_by, reason)
      ), moved as (
        update deployments d set status = change.new_status, updated_at = now() from change
        where d.id = change.id and d.status = change.old_status returning d.id
      )
      insert into deployment_status_history (id, deployment_id, old_status, new_status, changed_by, reason)
      select history_id, id, old_status, new_status, changed_by, reason from change join moved using (id)`,
    values: [
      changes.map((change) => change.id),
      changes.map((change) => change.from),
      changes.map((change) => change.to),
      changes.map(() => uuid()),
      changes.map((change) => change.changedBy),
      changes.map((change) => change.reason),
    ],
  })
  if (rowCount !== changes.length) throw new Error('A deployment had another status: its row was not locked')
}

export const changeDeploymentStatus = (tx: Tx, change: DeploymentStatusChange): Promise<void> =>
  changeDeploymentStatuses(tx, [change])
