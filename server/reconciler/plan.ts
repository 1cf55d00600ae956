import type { DeploymentStatus, ReplicaStatus } from '../domain/status'
import { isLive } from '../domain/status'

export interface ReplicaAttempt {
  id: string
  /** UUID of the node */
  nodeId: string
  slot: number
  generation: number
  /** deployments.version when it was placed */
  version: number
  status: ReplicaStatus
  wanted: 'run' | 'stop'
  reserved: boolean
  reason: string | null
  startedAt: Date | null
  finishedAt: Date | null
}

export interface WantedDeployment {
  status: DeploymentStatus
  targetReplicas: number
  version: number
}

export interface SlotToPlace {
  slot: number
  generation: number
}

/** What brings a deployment to its wanted state, in buckets. */
export interface Plan {
  place: SlotToPlace[]
  /** Ids of replicas to stop: beyond the wanted number, or doubled. */
  stop: string[]
  /** Nodes on which an attempt of a slot that is to be placed failed: others are better. */
  avoidNodeIds: string[]
  /** Slots that failed a moment ago are tried again then; nothing of the deployment is placed before. */
  retryAt: Date | null
  /** The last attempt failed: why, in the engine's own words. */
  giveUp: string | null
}

export interface RetryPolicy {
  /** Attempts per slot when containers do not start at all. */
  startAttempts: number
  /** Attempts per slot when containers start and then end. */
  runAttempts: number
  /** A container that ran this long counts as having worked: attempts are counted anew. */
  stableMs: number
  /** Before the second attempt; doubled before each one after it. */
  firstDelayMs: number
  maxDelayMs: number
}

export const defaultRetryPolicy: RetryPolicy = {
  startAttempts: 3,
  runAttempts: 5,
  stableMs: 60_000,
  firstDelayMs: 1_000,
  maxDelayMs: 60_000,
}

export const retryDelayMs = (failures: number, policy: RetryPolicy): number =>
  failures === 0 ? 0 : Math.min(policy.maxDelayMs, policy.firstDelayMs * 2 ** (failures - 1))

const ranStable = (attempt: ReplicaAttempt, policy: RetryPolicy): boolean =>
  attempt.startedAt !== null &&
  attempt.finishedAt !== null &&
  attempt.finishedAt.getTime() - attempt.startedAt.getTime() >= policy.stableMs

/** Newest first: the attempts that failed in a row since a person last changed the deployment. */
function failuresInARow(attempts: ReplicaAttempt[], version: number, policy: RetryPolicy): ReplicaAttempt[] {
  const failures: ReplicaAttempt[] = []
  for (const attempt of attempts) {
    if (attempt.version !== version || (attempt.status !== 'failed' && attempt.status !== 'stopped')) break
    // A replica that we stopped ourselves is no failure; one that ended by itself is, also with exit code 0.
    if (attempt.status === 'stopped' && attempt.wanted === 'stop') break
    failures.push(attempt)
    if (ranStable(attempt, policy)) break
  }
  return failures
}

/**
 * Compares what is wanted with the attempts that there are and says what to do. Pure: `now` comes from the caller.
 * `attempts` holds, for each slot, at least every attempt of the present version and every one that is still live.
 */
export function planDeployment(
  deployment: WantedDeployment,
  attempts: ReplicaAttempt[],
  { now, policy = defaultRetryPolicy }: { now: Date; policy?: RetryPolicy },
): Plan {
  const plan: Plan = { place: [], stop: [], avoidNodeIds: [], retryAt: null, giveUp: null }
  const wantedAndLive = (attempt: ReplicaAttempt) => attempt.wanted === 'run' && isLive(attempt.status)
  const gone = deployment.status === 'deleted'
  const target = gone ? 0 : deployment.targetReplicas

  for (const attempt of attempts) if (attempt.slot >= target && wantedAndLive(attempt)) plan.stop.push(attempt.id)

  let retryAtMs = 0
  const avoid = new Set<string>()
  for (let slot = 0; slot < target; slot++) {
    const own = attempts.filter((attempt) => attempt.slot === slot).sort((a, b) => b.generation - a.generation)
    const [newestLive, ...doubled] = own.filter(wantedAndLive)
    for (const attempt of doubled) plan.stop.push(attempt.id)
    if (newestLive) continue
    const failures = failuresInARow(own, deployment.version, policy)
    const [latest] = failures
    if (latest) {
      const allowed = latest.startedAt === null ? policy.startAttempts : policy.runAttempts
      if (failures.length >= allowed)
        plan.giveUp ??= `Replica ${slot + 1} failed ${failures.length} times: ${latest.reason ?? 'no reason was given'}`
      const dueMs = (latest.finishedAt ?? now).getTime() + retryDelayMs(failures.length, policy)
      retryAtMs = Math.max(retryAtMs, dueMs)
      for (const failure of failures) avoid.add(failure.nodeId)
    }
    plan.place.push({ slot, generation: (own[0]?.generation ?? 0) + 1 })
  }
  plan.avoidNodeIds = [...avoid].sort()
  if (plan.giveUp !== null) plan.place = []
  else if (plan.place.length > 0 && retryAtMs > now.getTime()) plan.retryAt = new Date(retryAtMs)
  return plan
}
