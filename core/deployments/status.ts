/**
 * The statuses and their transitions. Everything else (whether a status is final, whether scaling is possible, its
 * color) is derived from these tables; do not add a second list elsewhere.
 */

export const deploymentStatuses = ['pending', 'scheduled', 'running', 'stopped', 'failed', 'deleted'] as const
export type DeploymentStatus = (typeof deploymentStatuses)[number]

export const deploymentTransitions: Record<DeploymentStatus, readonly DeploymentStatus[]> = {
  pending: ['scheduled', 'running', 'stopped', 'failed', 'deleted'],
  scheduled: ['pending', 'running', 'stopped', 'failed', 'deleted'],
  running: ['pending', 'scheduled', 'stopped', 'failed', 'deleted'],
  stopped: ['pending', 'deleted'],
  failed: ['pending', 'deleted'],
  deleted: [],
}

export const replicaStatuses = ['pending', 'starting', 'running', 'stopping', 'stopped', 'failed', 'lost'] as const
export type ReplicaStatus = (typeof replicaStatuses)[number]

/**
 * A new attempt is a new row, so statuses do not move backwards. The one exception is a restart in place, from
 * `running` to `starting`. A `lost` replica may still turn out to have stopped.
 */
export const replicaTransitions: Record<ReplicaStatus, readonly ReplicaStatus[]> = {
  pending: ['starting', 'running', 'stopping', 'stopped', 'failed', 'lost'],
  starting: ['running', 'stopping', 'stopped', 'failed', 'lost'],
  running: ['starting', 'stopping', 'stopped', 'failed', 'lost'],
  stopping: ['stopped', 'failed', 'lost'],
  stopped: [],
  failed: [],
  lost: ['stopped'],
}

export const healths = ['healthy', 'progressing', 'degraded', 'unhealthy', 'unknown', 'none'] as const
export type Health = (typeof healths)[number]

export const canTransition = <S extends string>(table: Record<S, readonly S[]>, from: S, to: S): boolean =>
  table[from].includes(to)

/** Whether the status has no further transitions. */
export const isFinal = <S extends string>(table: Record<S, readonly S[]>, status: S): boolean =>
  table[status].length === 0

/** Whether the deployment runs or is on its way to `running`; the scheduler works only on open deployments. */
export const isOpen = (status: DeploymentStatus): boolean =>
  canTransition(deploymentTransitions, status, 'running') || status === 'running'

/** Whether the replica runs or is on its way to `running`. */
export const isLive = (status: ReplicaStatus): boolean =>
  canTransition(replicaTransitions, status, 'running') || status === 'running'

export class TransitionError extends Error {
  constructor(
    readonly subject: string,
    readonly from: string,
    readonly to: string,
  ) {
    super(`${subject} cannot go from ${from} to ${to}`)
    this.name = 'TransitionError'
  }
}

/** Actions that people take on a deployment, and the statuses in which each is possible. */
export const deploymentActions = {
  scale: ['pending', 'scheduled', 'running', 'stopped', 'failed'],
  update: ['pending', 'scheduled', 'running', 'stopped', 'failed'],
  rollback: ['pending', 'scheduled', 'running', 'stopped', 'failed'],
  redeploy: ['pending', 'scheduled', 'running', 'stopped', 'failed'],
  stop: ['pending', 'scheduled', 'running', 'failed'],
  start: ['stopped'],
  restart: ['pending', 'scheduled', 'running', 'failed'],
  retry: ['failed'],
  delete: ['pending', 'scheduled', 'running', 'stopped', 'failed'],
} as const satisfies Record<string, readonly DeploymentStatus[]>
export type DeploymentAction = keyof typeof deploymentActions

export const actionPossible = (action: DeploymentAction, status: DeploymentStatus): boolean =>
  (deploymentActions[action] as readonly DeploymentStatus[]).includes(status)
