import { type ReplicaState, statusAfterObservation } from '../domain/deployment-state'
import type { DeploymentStatus } from '../domain/status'
import type { Tx } from './context'
import { changeDeploymentStatuses, type DeploymentStatusChange } from './status-changes'

interface ObservedRow {
  id: string
  status: DeploymentStatus
  target_replicas: number
  /** The newest attempt of each slot, and every one that holds a reservation. */
  replicas: ReplicaState[]
}

/** Moves the deployments' statuses to what was seen of their replicas. Their rows must be locked. */
export async function followObservations(tx: Tx, deploymentIds: string[]): Promise<DeploymentStatusChange[]> {
  if (deploymentIds.length === 0) return []
  const { rows } = await tx.query<ObservedRow>({
    name: 'observed-deployments',
    text: `
      select d.id, d.status, d.target_replicas, coalesce((
        select jsonb_agg(jsonb_build_object('slot', r.slot, 'generation', r.generation, 'status', r.status, 'wanted', r.wanted,
          'reserved', r.reserved, 'current', r.revision = d.revision, 'health', r.health, 'reason', r.reason))
        from deployment_replicas r where r.deployment_id = d.id and (r.reserved or not exists (
          select 1 from deployment_replicas o where o.deployment_id = d.id and o.slot = r.slot and o.generation > r.generation))
      ), '[]') as replicas
      from deployments d where d.id = any($1::uuid[]) order by d.id`,
    values: [deploymentIds],
  })
  const changes = rows.flatMap((row): DeploymentStatusChange[] => {
    const next = statusAfterObservation(row.status, row.target_replicas, row.replicas)
    return next ? [{ id: row.id, from: row.status, to: next.status, reason: next.reason, changedBy: 'agent' }] : []
  })
  await changeDeploymentStatuses(tx, changes)
  return changes
}
