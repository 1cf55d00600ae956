import { Failure, isUuid, notFound } from '@/core/contract/failure'
import { actionBlocked } from '@/core/deployments/actions'
import type { DeploymentAction, DeploymentStatus } from '@/core/deployments/status'
import { countOf } from '@/core/lib/count-of'
import type { Resources } from '@/core/placement/resources'
import { type Store, type Tx, transaction } from '@/server/db/client'
import { announce } from '@/server/db/notify'
import { raiseDesiredRevision } from '@/server/store/nodes/node-rows'
import { settleDeadEvaluations } from '@/server/store/queue/dead-letters'
import { enqueueEvaluations } from '@/server/store/queue/evaluations'
import { type Actor, audit } from '@/server/store/records/audit'
import { changeDeploymentStatus } from '@/server/store/records/status-changes'
import { forgetConflictsOf } from '@/server/store/scheduling/host-ports'

export interface LockedDeployment {
  id: string
  name: string
  user_id: string
  owner: string
  status: DeploymentStatus
  target_replicas: number
  start_replicas: number | null
  version: number
  revision: number
  deleted_at: Date | null
}

/** Locks the deployment's row and checks that the actor may take the action on it now. */
export async function lockForAction(
  tx: Tx,
  actor: Actor,
  id: string,
  action: DeploymentAction,
): Promise<LockedDeployment> {
  if (!isUuid(id)) throw notFound('deployment', id)
  const { rows } = await tx.query<LockedDeployment>(
    `select d.id, d.name, d.user_id, u.username as owner, d.status, d.target_replicas, d.start_replicas, d.version, d.revision,
       d.deleted_at
     from deployments d join users u on u.id = d.user_id where d.id = $1 for no key update of d`,
    [id],
  )
  const row = rows[0]
  if (!row) throw notFound('deployment', id)
  const blocked = actionBlocked(actor, { userId: row.user_id, owner: row.owner, status: row.status }, action)
  if (blocked) throw new Failure(blocked.code, blocked.message)
  return row
}

/** A change by a user: a new version, the status pending, and an evaluation that does the work. */
export async function reopen(
  tx: Tx,
  actor: Actor,
  deployment: LockedDeployment,
  change: {
    trigger: 'scale' | 'retry' | 'update' | 'rollback' | 'stop' | 'start' | 'restart'
    reason: string
    targetReplicas: number
  },
): Promise<void> {
  await tx.query(
    `update deployments set target_replicas = $2, version = version + 1, updated_at = now(),
       start_replicas = case when $2 = 0 and target_replicas > 0 then target_replicas else start_replicas end
     where id = $1`,
    [deployment.id, change.targetReplicas],
  )
  if (deployment.status !== 'pending')
    await changeDeploymentStatus(tx, {
      id: deployment.id,
      from: deployment.status,
      to: 'pending',
      reason: change.reason,
      changedBy: actor.name,
    })
  await settleDeadEvaluations(tx, deployment.id)
  await enqueueEvaluations(tx, [deployment.id], change.trigger)
  await announce(tx, [
    { topic: 'deployment', ids: [deployment.id] },
    { topic: 'evaluation', ids: [] },
  ])
}

export async function scaleDeployment(
  store: Store,
  actor: Actor,
  { id, replicas }: { id: string; replicas: number },
): Promise<{ id: string; name: string; previous: number; status: DeploymentStatus }> {
  return transaction(store, async (tx) => {
    const deployment = await lockForAction(tx, actor, id, 'scale')
    const previous = deployment.target_replicas
    if (previous === replicas && deployment.status !== 'failed')
      return { id, name: deployment.name, previous, status: deployment.status }
    await reopen(tx, actor, deployment, {
      trigger: 'scale',
      reason: `Scaling ${previous} -> ${replicas} replicas`,
      targetReplicas: replicas,
    })
    await audit(tx, actor, {
      action: 'deployment.scale',
      subjectType: 'deployment',
      subjectId: id,
      before: { replicas: previous },
      after: { replicas },
    })
    return { id, name: deployment.name, previous, status: 'pending' }
  })
}

/** Stops every replica; `startDeployment` starts as many again. */
export const stopDeployment = (store: Store, actor: Actor, id: string): Promise<StoppedOrStarted> =>
  transaction(store, async (tx) => {
    const deployment = await lockForAction(tx, actor, id, 'stop')
    const replicas = deployment.target_replicas
    if (replicas === 0) throw new Failure('conflict', 'This deployment is stopping already')
    await reopen(tx, actor, deployment, {
      trigger: 'stop',
      reason: `Stopping ${countOf(replicas, 'replica')}`,
      targetReplicas: 0,
    })
    await audit(tx, actor, {
      action: 'deployment.stop',
      subjectType: 'deployment',
      subjectId: id,
      before: { replicas },
      after: { replicas: 0 },
    })
    return { id, name: deployment.name, replicas }
  })

/** Starts as many replicas as there were before the deployment was stopped. */
export const startDeployment = (store: Store, actor: Actor, id: string): Promise<StoppedOrStarted> =>
  transaction(store, async (tx) => {
    const deployment = await lockForAction(tx, actor, id, 'start')
    const replicas = deployment.start_replicas ?? 1
    await reopen(tx, actor, deployment, {
      trigger: 'start',
      reason: `Starting ${countOf(replicas, 'replica')}`,
      targetReplicas: replicas,
    })
    await audit(tx, actor, {
      action: 'deployment.start',
      subjectType: 'deployment',
      subjectId: id,
      before: { replicas: 0 },
      after: { replicas },
    })
    return { id, name: deployment.name, replicas }
  })

interface StoppedOrStarted {
  id: string
  name: string
  /** The number of replicas that are stopped or started. */
  replicas: number
}

/** Retries a failed deployment, with its attempts counted anew. */
export async function retryDeployment(store: Store, actor: Actor, id: string): Promise<{ id: string; name: string }> {
  return transaction(store, async (tx) => {
    const deployment = await lockForAction(tx, actor, id, 'retry')
    await forgetConflictsOf(tx, id)
    await reopen(tx, actor, deployment, {
      trigger: 'retry',
      reason: 'Tried again',
      targetReplicas: deployment.target_replicas,
    })
    await audit(tx, actor, { action: 'deployment.retry', subjectType: 'deployment', subjectId: id })
    return { id, name: deployment.name }
  })
}

interface Deletion {
  id: string
  name: string
  from: DeploymentStatus
  replicasStopped: number
  /** What its replicas held; each reservation is released once its container is known to be gone. */
  resources: Resources
  deletedAt: Date
}

/** Soft delete: the history stays. Agents stop the containers; each reservation is released with its container. */
export async function deleteDeployment(store: Store, actor: Actor, id: string): Promise<Deletion> {
  return transaction(store, async (tx) => {
    const deployment = await lockForAction(tx, actor, id, 'delete')
    const { rows: held } = await tx.query<{
      node_id: string
      cpu_millis: number
      memory_mb: number
      gpu_units: number
      storage_gb: number
    }>(
      `update deployment_replicas set wanted = 'stop', updated_at = now() where deployment_id = $1 and reserved
       returning node_id, cpu_millis, memory_mb, gpu_units, storage_gb`,
      [id],
    )
    await tx.query(
      `update evaluations set status = 'done', finished_at = now() where deployment_id = $1 and status in ('pending', 'blocked', 'dead')`,
      [id],
    )
    const nodeIds = [...new Set(held.map((row) => row.node_id))].sort()
    await raiseDesiredRevision(tx, nodeIds)
    const { rows } = await tx.query<{ deleted_at: Date }>(
      'update deployments set deleted_at = now(), name_claim = null, version = version + 1, updated_at = now() where id = $1 returning deleted_at',
      [id],
    )
    await changeDeploymentStatus(tx, {
      id,
      from: deployment.status,
      to: 'deleted',
      reason: `Deleted by ${actor.name}`,
      changedBy: actor.name,
    })
    await audit(tx, actor, {
      action: 'deployment.delete',
      subjectType: 'deployment',
      subjectId: id,
      before: { name: deployment.name, status: deployment.status },
    })
    await announce(tx, [
      { topic: 'deployment', ids: [id] },
      ...(nodeIds.length > 0 ? [{ topic: 'wanted', ids: nodeIds } as const] : []),
    ])
    const sum = (pick: (row: (typeof held)[number]) => number) => held.reduce((total, row) => total + pick(row), 0)
    return {
      id,
      name: deployment.name,
      from: deployment.status,
      replicasStopped: held.length,
      resources: {
        cpuMillis: sum((row) => row.cpu_millis),
        memoryMb: sum((row) => row.memory_mb),
        gpuUnits: sum((row) => row.gpu_units),
        storageGb: sum((row) => row.storage_gb),
      },
      deletedAt: rows[0]?.deleted_at ?? new Date(0),
    }
  })
}
