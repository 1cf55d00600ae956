import { restartRules } from '@/core/deployments/restart'
import { backoffMs } from '@/core/lib/backoff'
import { chanceOf } from '@/core/lib/chance'
import { isPortConflict } from '@/core/placement/host-ports'
import type { DesiredDeployment, Plan, ReplicaAttempt, RetryPolicy, SlotToMove } from '@/core/plan/types'
import { assessSlot, isDesiredAndLive, type SlotAssessment } from './slot'

const defaultRetryPolicy: RetryPolicy = {
  startAttempts: 3,
  runAttempts: 5,
  stableMs: 60_000,
  pause: { firstMs: 1_000, maxMs: 60_000 },
}

const ranStable = (attempt: ReplicaAttempt, policy: RetryPolicy): boolean =>
  attempt.startedAt !== null &&
  attempt.finishedAt !== null &&
  attempt.finishedAt.getTime() - attempt.startedAt.getTime() >= policy.stableMs

/** Returns the attempts that failed in a row since a person last changed the deployment, newest first. */
function failuresInARow(attempts: ReplicaAttempt[], version: number, policy: RetryPolicy): ReplicaAttempt[] {
  const failures: ReplicaAttempt[] = []
  for (const attempt of attempts) {
    if (attempt.version !== version || (attempt.status !== 'failed' && attempt.status !== 'stopped')) break
    // A replica that was asked to stop did not fail. One that ended by itself did, even with exit code 0.
    if (attempt.status === 'stopped' && attempt.wanted === 'stop') break
    failures.push(attempt)
    if (ranStable(attempt, policy)) break
  }
  return failures
}

/** The agent used up its restarts in place. The replica was never well, so another node would not help. */
const wasRestarted = ({ status, restartsInARow }: ReplicaAttempt): boolean =>
  status === 'failed' && restartsInARow >= restartRules.triesUntilWell

/** How many replacements of one deployment may be starting at once, beside the replicas that they replace. */
const maxSurge = 1

/** The failed attempts of a slot since a person last changed the deployment. */
interface AttemptHistory {
  failures: ReplicaAttempt[]
  /** Why the slot is not retried, with the message of the last failure; null while retries remain. */
  exhausted: string | null
  /** When the next attempt is due, in milliseconds since 1970. */
  dueMs: number
}

/** The host port was taken on the node. That is not the replica's fault, and placement now knows about the port. */
const lackedPort = ({ startedAt, reason }: ReplicaAttempt): boolean =>
  startedAt === null && reason !== null && isPortConflict(reason)

function recordOf(
  attempts: ReplicaAttempt[],
  { version, hostPorts = [] }: DesiredDeployment,
  { now, policy }: Required<PlanOptions>,
): AttemptHistory {
  const failures = failuresInARow(attempts, version, policy)
  const [latest] = failures
  if (!latest) return { failures, exhausted: null, dueMs: 0 }
  const allowed = latest.startedAt === null ? policy.startAttempts : policy.runAttempts
  const message = latest.reason ?? 'no reason was given'
  const { length: tries } = hostPorts.length > 0 ? failures.filter((failure) => !lackedPort(failure)) : failures
  return {
    failures,
    exhausted: wasRestarted(latest)
      ? `failed after ${latest.restartsInARow} restarts: ${message}`
      : tries < allowed
        ? null
        : `failed ${tries} times: ${message}`,
    // The jitter differs between attempts, but is the same each time an attempt is planned again.
    dueMs: (latest.finishedAt ?? now).getTime() + backoffMs(failures.length, policy.pause, chanceOf(latest.id)),
  }
}

interface PlanOptions {
  now: Date
  policy?: RetryPolicy
}

/**
 * Compares the desired state with the existing attempts and returns what to do. `attempts` must hold, for each slot, at
 * least every attempt of the current version and every live one.
 */
export function planDeployment(
  deployment: DesiredDeployment,
  attempts: ReplicaAttempt[],
  { now, policy = defaultRetryPolicy }: PlanOptions,
): Plan {
  const plan: Plan = { place: [], move: [], stop: [], avoidNodeIds: [], retryAt: null, exhausted: null }
  const target = deployment.status === 'deleted' ? 0 : deployment.targetReplicas
  for (const attempt of attempts) if (attempt.slot >= target && isDesiredAndLive(attempt)) plan.stop.push(attempt.id)

  const moves: SlotToMove[] = []
  const records = new Map<number, AttemptHistory>()
  let updating = 0
  let moving = 0
  for (let slot = 0; slot < target; slot++) {
    const own = attempts.filter((attempt) => attempt.slot === slot).sort((a, b) => b.generation - a.generation)
    const { stop, missing, replace, onItsWay } = assessSlot(deployment, own)
    plan.stop.push(...stop)
    if (onItsWay) updating++
    if (onItsWay?.kept) moving++
    if (isPaused(onItsWay)) {
      plan.stop.push(onItsWay.replica.id)
      plan.exhausted ??= paused(deployment, onItsWay.kept, `replica ${slot + 1} is unhealthy`)
    }
    if (!missing && !replace) continue
    const record = recordOf(own, deployment, { now, policy })
    records.set(slot, record)
    // The replica failed on other nodes, too, so it stays on the node that keeps restarting it.
    if (replace?.why === 'restart' && record.exhausted !== null) continue
    const next = { slot, generation: (own[0]?.generation ?? 0) + 1 }
    if (replace) moves.push({ ...next, replaces: replace.replica.id, why: replace.why })
    else plan.place.push(next)
    // The replica of a drained node still runs, so failing replacements do not fail its deployment.
    if (record.exhausted !== null && missing) plan.exhausted ??= `Replica ${slot + 1} ${record.exhausted}`
    if (record.exhausted !== null && replace?.why === 'update')
      plan.exhausted ??= paused(deployment, replace.replica, `replica ${slot + 1} ${record.exhausted}`)
  }
  if (plan.exhausted !== null) return { ...plan, place: [] }
  // Restart moves come last: the agent keeps restarting the replica anyway, and no other node may have capacity.
  moves.sort((a, b) => Number(a.why === 'restart') - Number(b.why === 'restart'))
  // An update waits for every starting replica, so that a bad revision takes down one replica at most.
  const busy = moves[0]?.why === 'update' ? updating : moving
  if (plan.place.length === 0) plan.move = moves.slice(0, Math.max(0, maxSurge - busy))

  const due = [...plan.place, ...plan.move].flatMap(({ slot }) => records.get(slot) ?? [])
  const retryAtMs = Math.max(0, ...due.map((record) => record.dueMs))
  if (retryAtMs > now.getTime()) plan.retryAt = new Date(retryAtMs)
  const failedOn = due.flatMap((record) => record.failures.map((failure) => failure.nodeId))
  plan.avoidNodeIds = [...new Set(failedOn)].sort()
  return plan
}

/** Whether the rollout pauses: the replacement has another revision and reports that it is unhealthy. */
const isPaused = (
  onItsWay: SlotAssessment['onItsWay'],
): onItsWay is { replica: ReplicaAttempt; kept: ReplicaAttempt } =>
  onItsWay?.replica.health === 'unhealthy' &&
  onItsWay.kept !== null &&
  onItsWay.kept.revision !== onItsWay.replica.revision

const paused = ({ revision }: DesiredDeployment, kept: ReplicaAttempt, why: string): string =>
  `Update to revision ${revision} halted: ${why}; revision ${kept.revision} keeps running`
