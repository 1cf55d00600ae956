import { type ReplicaState, statusAfterObservation } from '@/core/deployments/observed-status'
import { restartRules } from '@/core/deployments/restart'
import { type DeploymentStatus, isOpen } from '@/core/deployments/status'
import type { Tx } from '@/server/db/client'
import { plainArray } from '@/server/db/pg-arrays'
import { changeDeploymentStatuses, type DeploymentStatusChange } from '@/server/store/records/status-changes'

interface ObservedRow {
  id: string
  status: DeploymentStatus
  target_replicas: number
  /** The newest attempt of each slot, and every attempt that holds a reservation. */
  replicas: ReplicaState[]
  to_move: boolean
}

interface Observed {
  changes: DeploymentStatusChange[]
  /**
   * Deployments of which a replica is to make way for another: on a node that is drained, of another revision, or restarted
   * too often; and those with two replicas in a slot.
   */
  onTheMove: string[]
}

/** Updates the deployments' statuses to match their replicas. The rows of the deployments must be locked. */
export async function followObservations(tx: Tx, deploymentIds: string[]): Promise<Observed> {
  if (deploymentIds.length === 0) return { changes: [], onTheMove: [] }
  const { rows } = await tx.query<ObservedRow>({
    name: 'observed-deployments',
    text: `
      select d.id, d.status, d.target_replicas, o.replicas, o.to_move
      from unnest($1::uuid[]) as asked(id) join deployments d on d.id = asked.id cross join lateral (
        select coalesce(jsonb_agg(jsonb_build_object('slot', r.slot, 'generation', r.generation, 'status', r.status,
            'wanted', r.wanted, 'reserved', r.reserved, 'current', r.revision = d.revision, 'health', r.health,
            'reason', r.reason)), '[]') as replicas,
          coalesce(bool_or(r.reserved and r.wanted = 'run' and (r.revision <> d.revision or n.draining
              or r.status = 'starting' and least(r.restarts, r.restarts_in_a_row) >= ${restartRules.beforeMove})), false)
            or count(*) filter (where r.reserved and r.wanted = 'run' and r.status in ('starting', 'running'))
              > count(distinct r.slot) filter (where r.reserved and r.wanted = 'run' and r.status in ('starting', 'running')) as to_move
        from deployment_replicas r join nodes n on n.id = r.node_id
        where r.deployment_id = d.id and (r.reserved or not exists (
          select 1 from deployment_replicas o where o.deployment_id = d.id and o.slot = r.slot and o.generation > r.generation))
      ) o order by d.id`,
    values: [plainArray(deploymentIds)],
  })
  const changes = rows.flatMap((row): DeploymentStatusChange[] => {
    const next = statusAfterObservation(row.status, row.target_replicas, row.replicas)
    return next ? [{ id: row.id, from: row.status, to: next.status, reason: next.reason, changedBy: 'agent' }] : []
  })
  await changeDeploymentStatuses(tx, changes)
  const now = new Map(changes.map(({ id, to }) => [id, to]))
  const onTheMove = rows.filter((row) => row.to_move && isOpen(now.get(row.id) ?? row.status)).map(({ id }) => id)
  return { changes, onTheMove }
}
