import { countOf } from '@/core/lib/count-of'
import type { DeploymentStatus, Health, ReplicaStatus } from './status'
import { isLive, isOpen } from './status'

/** What the status and health of a deployment are derived from. */
export interface ReplicaState {
  slot: number
  generation: number
  status: ReplicaStatus
  wanted: 'run' | 'stop'
  reserved: boolean
  /** It runs the revision that is wanted. */
  current: boolean
  health: 'healthy' | 'unhealthy' | 'starting' | null
  reason: string | null
}

/** What there is to know of a replica to tell how its deployment is. */
interface ReplicaHealth extends Pick<ReplicaState, 'slot' | 'status' | 'wanted' | 'health'> {
  nodeUnreachable: boolean
  /** How often its container ceased to run: since then it is not on its way for the first time. */
  interruptions: number
}

const desiredAndLive = (replica: ReplicaState): boolean => replica.wanted === 'run' && isLive(replica.status)

/**
 * The status that follows from what agents saw, or null when nothing changes. Only a deployment that was scheduled or
 * runs is moved by observations: a pending one waits for the scheduler, a failed one for a person.
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
  // During an update the replicas of the old revision keep the slots filled, but they are not what was asked for.
  const running = slots.every((attempts) =>
    attempts.some((one) => desiredAndLive(one) && one.status === 'running' && one.current),
  )
  if (running && current === 'scheduled')
    return { status: 'running', reason: `All ${countOf(target, 'replica')} started` }
  return null
}

/** How a deployment is, in one word. Replicas on nodes that are silent count as unknown. */
export function healthOf(
  deployment: { status: DeploymentStatus; targetReplicas: number },
  replicas: ReplicaHealth[],
): Health {
  if (deployment.status === 'deleted' || deployment.status === 'stopped' || deployment.targetReplicas === 0)
    return 'none'
  const wanted = replicas.filter((replica) => replica.wanted === 'run')
  const running = wanted.filter((replica) => replica.status === 'running')
  if (running.some((replica) => replica.nodeUnreachable)) return 'unknown'
  // By slots: while one replica replaces another, both run.
  const well = new Set(
    running.filter((replica) => replica.health === null || replica.health === 'healthy').map((replica) => replica.slot),
  ).size
  if (well >= deployment.targetReplicas) return 'healthy'
  if (deployment.status === 'failed') return well > 0 ? 'degraded' : 'unhealthy'
  if (running.some((replica) => replica.health === 'unhealthy')) return well > 0 ? 'degraded' : 'unhealthy'
  return wanted.some(isDown) ? 'degraded' : 'progressing'
}

/** Its container ran and does not run now: it is to be restarted, or somebody paused it. */
const isDown = ({ status, interruptions }: ReplicaHealth): boolean => status === 'starting' && interruptions > 0
