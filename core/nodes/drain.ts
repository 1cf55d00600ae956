/** Describes the progress of a drain, replica by replica, for the page of the node. */
import type { DeploymentStatus, ReplicaStatus } from '@/core/deployments/status'
import { isLive } from '@/core/deployments/status'

/** A replica that still holds a reservation on a draining node. */
export interface LeavingReplica {
  status: ReplicaStatus
  wanted: 'run' | 'stop'
  deployment: { status: DeploymentStatus; reason: string }
  /** The newest attempt of the slot on another node, if it is newer than this one. */
  replacement: {
    nodeId: string
    status: ReplicaStatus
    wanted: 'run' | 'stop'
    health: 'healthy' | 'unhealthy' | 'starting' | null
    reason: string | null
  } | null
  /** The refusal because of which the deployment waits for capacity; null when it does not wait. */
  refusal: string | null
  nodeUnreachable: boolean
}

const leavingStates = ['moving', 'stopping', 'queued', 'retrying', 'no-room', 'held'] as const
export type LeavingState = (typeof leavingStates)[number]

/** Whether the drain cannot continue until something else changes. */
export const isBlocked = (state: LeavingState): boolean => state === 'no-room' || state === 'held'

export function leavingState(replica: LeavingReplica): { state: LeavingState; text: string } {
  const { deployment, replacement, refusal } = replica
  if (replica.wanted === 'stop' || !isLive(replica.status)) {
    if (replica.nodeUnreachable)
      return { state: 'held', text: 'Its node is offline: whether its container is gone is known when it returns' }
    return { state: 'stopping', text: 'Stopping' }
  }
  if (deployment.status === 'failed')
    return {
      state: 'held',
      text: `Its deployment has failed (${deployment.reason}): it moves once somebody retries, rolls back or scales it`,
    }
  if (replacement && replacement.wanted === 'run' && isLive(replacement.status)) {
    if (replacement.health === 'unhealthy')
      return { state: 'held', text: `Its replacement on ${replacement.nodeId} runs, but is unhealthy` }
    const step = replacement.status === 'running' ? 'is being checked' : 'is starting'
    return { state: 'moving', text: `Its replacement on ${replacement.nodeId} ${step}` }
  }
  if (refusal !== null) return { state: 'no-room', text: refusal }
  if (replacement?.status === 'failed')
    return {
      state: 'retrying',
      text: `Its replacement on ${replacement.nodeId} failed (${replacement.reason ?? 'no reason was given'}); it is tried again`,
    }
  return { state: 'queued', text: 'Waits for its turn' }
}
