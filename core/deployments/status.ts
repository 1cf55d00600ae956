/**
 * The statuses and the only ways between them. Everything else (is it over? may it be scaled? which colour?) is
 * derived from these tables; there is no second list anywhere.
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
 * Another attempt is another row. The one way back is a restart in place: its container ceased to run and is started again.
 * `lost` may still turn out to have stopped.
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

/** No way leads out of it. */
export const isFinal = <S extends string>(table: Record<S, readonly S[]>, status: S): boolean =>
  table[status].length === 0

/** A deployment that is on its way to running, or runs: the scheduler works for it. */
export const isOpen = (status: DeploymentStatus): boolean =>
  canTransition(deploymentTransitions, status, 'running') || status === 'running'

/** A replica that is on its way to running, or runs. */
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
