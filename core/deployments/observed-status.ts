import { countOf } from '@/core/lib/count-of'
import type { DeploymentStatus, Health, ReplicaStatus } from './status'
import { isLive, isOpen } from './status'

/** One replica, as the status of its deployment is derived from it. */
export interface ReplicaState {
  slot: number
  generation: number
  status: ReplicaStatus
  wanted: 'run' | 'stop'
  reserved: boolean
  /** Whether it runs the desired revision. */
  current: boolean
  health: 'healthy' | 'unhealthy' | 'starting' | null
  reason: string | null
}

/** One replica, as the health of its deployment is derived from it. */
interface ReplicaHealth extends Pick<ReplicaState, 'slot' | 'status' | 'wanted' | 'health'> {
  nodeUnreachable: boolean
  /** How often its container stopped running. Above 0, `starting` means a restart, not the first start. */
  interruptions: number
}

const desiredAndLive = (replica: ReplicaState): boolean => replica.wanted === 'run' && isLive(replica.status)

/**
 * Derives the status from what agents reported; null when it does not change. Observations change only scheduled and
 * running deployments: a pending one waits for the scheduler, a failed one for a person.
 */
export function statusAfterObservation(
  current: DeploymentStatus,
  target: number,
  replicas: ReplicaState[],
): { status: DeploymentStatus; reason: string } | null {
  if (!isOpen(current)) return null
  if (target === 0)
    return replicas.some((replica) => replica.reserved) ? null : { status: 'stopped', reason: 'All replicas stopped' }
  if (current === 'pending') return null
  const slots = Array.from({ length: target }, (_, slot) => replicas.filter((replica) => replica.slot === slot))
  const missing = slots.findIndex((attempts) => !attempts.some(desiredAndLive))
  if (missing >= 0) {
    const latest = slots[missing]?.reduce<ReplicaState | undefined>(
      (newest, attempt) => (newest && newest.generation > attempt.generation ? newest : attempt),
      undefined,
    )
    return { status: 'pending', reason: `Replica ${missing + 1} is gone: ${latest?.reason ?? 'no attempt is live'}` }
  }
  // During an update old replicas fill slots, but they do not run the desired revision.
  const running = slots.every((attempts) =>
    attempts.some((one) => desiredAndLive(one) && one.status === 'running' && one.current),
  )
  if (running && current === 'scheduled')
    return { status: 'running', reason: `All ${countOf(target, 'replica')} started` }
  return null
}

/** Returns the health of a deployment. A running replica on an unreachable node makes it unknown. */
export function healthOf(
  deployment: { status: DeploymentStatus; targetReplicas: number },
  replicas: ReplicaHealth[],
): Health {
  if (deployment.status === 'deleted' || deployment.status === 'stopped' || deployment.targetReplicas === 0)
    return 'none'
  const wanted = replicas.filter((replica) => replica.wanted === 'run')
  const running = wanted.filter((replica) => replica.status === 'running')
  if (running.some((replica) => replica.nodeUnreachable)) return 'unknown'
  // Counts slots rather than replicas, because a replica and its replacement may both run.
  const well = new Set(
    running.filter((replica) => replica.health === null || replica.health === 'healthy').map((replica) => replica.slot),
  ).size
  if (well >= deployment.targetReplicas) return 'healthy'
  if (deployment.status === 'failed') return well > 0 ? 'degraded' : 'unhealthy'
  if (running.some((replica) => replica.health === 'unhealthy')) return well > 0 ? 'degraded' : 'unhealthy'
  return wanted.some(isDown) ? 'degraded' : 'progressing'
}

/** The container ran before and does not run now: it is restarting, or somebody paused it. */
const isDown = ({ status, interruptions }: ReplicaHealth): boolean => status === 'starting' && interruptions > 0
