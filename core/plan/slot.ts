import { restartRules } from '@/core/deployments/restart'
import { isLive } from '@/core/deployments/status'
import type { DesiredDeployment, MoveReason, ReplicaAttempt } from './types'

/** What one slot needs, judged from its attempts. */
export interface SlotAssessment {
  /** Ids of replicas to stop: duplicates, and those whose replacement works. */
  stop: string[]
  /** No replica of the slot runs or is starting. */
  missing: boolean
  /** The best replica of a slot that has only outdated, draining or endlessly restarting ones. */
  replace: { replica: ReplicaAttempt; why: MoveReason } | null
  /** The slot has a desired replica that does not work yet; `kept` is the old one that runs until then. */
  onItsWay: { replica: ReplicaAttempt; kept: ReplicaAttempt | null } | null
}

export const isDesiredAndLive = (attempt: ReplicaAttempt): boolean => attempt.wanted === 'run' && isLive(attempt.status)

/** Reported running, and healthy if the image has a health check. */
const works = ({ status, health }: ReplicaAttempt): boolean =>
  status === 'running' && (health === null || health === 'healthy')

/**
 * Whether the old replica runs on until its replacement works. An unhealthy one does not if the replacement runs the
 * same revision: the replacement may never become healthy either, and a drain would never end.
 */
const isWorthKeeping = (old: ReplicaAttempt, replacement: ReplicaAttempt): boolean =>
  (old.status === 'running' || isMoveDue(old)) &&
  !(old.health === 'unhealthy' && old.revision === replacement.revision && replacement.status === 'running')

/** The replica restarts again and again on its node; another node may be better. */
const isMoveDue = ({ status, restarts, restartsInARow }: ReplicaAttempt): boolean =>
  status === 'starting' && Math.min(restarts, restartsInARow) >= restartRules.beforeMove

const best = (attempts: ReplicaAttempt[]): ReplicaAttempt | undefined =>
  attempts.find(works) ?? attempts.find((attempt) => attempt.status === 'running') ?? attempts[0]

/** `attempts` are those of the slot, newest first. */
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
