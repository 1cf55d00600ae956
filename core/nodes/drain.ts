/** How the drain of a node stands, replica by replica, in words: for the page of the node. */
import type { DeploymentStatus, ReplicaStatus } from '@/core/deployments/status'
import { isLive } from '@/core/deployments/status'

/** What is known of one replica that still holds a reservation on a node that is drained. */
export interface LeavingReplica {
  status: ReplicaStatus
  wanted: 'run' | 'stop'
  deployment: { status: DeploymentStatus; reason: string }
  /** The newest attempt of its slot elsewhere, if there is one that is newer. */
  replacement: {
    nodeId: string
    status: ReplicaStatus
    wanted: 'run' | 'stop'
    health: 'healthy' | 'unhealthy' | 'starting' | null
    reason: string | null
  } | null
  /** The refusal for whose end the deployment waits. */
  refusal: string | null
  nodeUnreachable: boolean
}

const leavingStates = ['moving', 'stopping', 'queued', 'retrying', 'no-room', 'held'] as const
export type LeavingState = (typeof leavingStates)[number]

/** States in which it goes on by itself only when something else happens first: what stands in the way. */
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
