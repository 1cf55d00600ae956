import { restartRules } from '@/core/deployments/restart'
import { isLive } from '@/core/deployments/status'
import type { DesiredDeployment, MoveReason, ReplicaAttempt } from './types'

/** What one slot needs, from the replicas that it has. */
export interface SlotAssessment {
  /** Ids to stop: doubled, or replaced by one that works. */
  stop: string[]
  /** Nothing of it runs or is on its way. */
  missing: boolean
  /** It has only a replica that must be replaced: of another revision, on a node that is drained, or restarted there too often. */
  replace: { replica: ReplicaAttempt; why: MoveReason } | null
  /** Its replica is the wanted one and does not work yet; `kept` is the one that runs until it does. */
  onItsWay: { replica: ReplicaAttempt; kept: ReplicaAttempt | null } | null
}

export const isDesiredAndLive = (attempt: ReplicaAttempt): boolean => attempt.wanted === 'run' && isLive(attempt.status)

/** Seen running, and healthy where the image has a health check. */
const works = ({ status, health }: ReplicaAttempt): boolean =>
  status === 'running' && (health === null || health === 'healthy')

/**
 * Until its replacement works: one that runs, unless it is known not to work either and what replaces it is the same, only
 * elsewhere. A drain would never end.
 */
const isWorthKeeping = (old: ReplicaAttempt, replacement: ReplicaAttempt): boolean =>
  (old.status === 'running' || isMoveDue(old)) &&
  !(old.health === 'unhealthy' && old.revision === replacement.revision && replacement.status === 'running')

/** It is restarted again and again on its node: another one may do better. */
const isMoveDue = ({ status, restarts, restartsInARow }: ReplicaAttempt): boolean =>
  status === 'starting' && Math.min(restarts, restartsInARow) >= restartRules.beforeMove

const best = (attempts: ReplicaAttempt[]): ReplicaAttempt | undefined =>
  attempts.find(works) ?? attempts.find((attempt) => attempt.status === 'running') ?? attempts[0]

/** `attempts` are those of the slot, the newest first. */
export function assessSlot({ revision }: DesiredDeployment, attempts: ReplicaAttempt[]): SlotAssessment {
  const live = attempts.filter(isDesiredAndLive)
  const stays = live.filter((attempt) => attempt.revision === revision && !attempt.nodeDraining && !isMoveDue(attempt))
  const leaves = live.filter((attempt) => !stays.includes(attempt))
  const allBut = (...kept: (ReplicaAttempt | null)[]): string[] =>
    live.filter((attempt) => !kept.includes(attempt)).map((attempt) => attempt.id)

  const wanted = best(stays)
  const old = best(leaves)
  if (!wanted) {
    if (!old) return { stop: [], missing: true, replace: null, onItsWay: null }
    const why: MoveReason = old.revision !== revision ? 'update' : old.nodeDraining ? 'drain' : 'restart'
    return { stop: allBut(old), missing: false, replace: { replica: old, why }, onItsWay: null }
  }
  if (works(wanted)) return { stop: allBut(wanted), missing: false, replace: null, onItsWay: null }
  const kept = old && isWorthKeeping(old, wanted) ? old : null
  return { stop: allBut(wanted, kept), missing: false, replace: null, onItsWay: { replica: wanted, kept } }
}
