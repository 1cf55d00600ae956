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

/** Its agent gave it up: it was never well, and elsewhere it would be the same. */
const wasRestarted = ({ status, restartsInARow }: ReplicaAttempt): boolean =>
  status === 'failed' && restartsInARow >= restartRules.triesUntilWell

/** Replacements of one deployment under way at once, beside the replicas that they replace. */
const maxSurge = 1

/** How a slot fared since a person last changed the deployment. */
interface AttemptHistory {
  failures: ReplicaAttempt[]
  /** In the words of the last failure; null while it may be tried again. */
  exhausted: string | null
  dueMs: number
}

/** Its node turned out not to have the host port free, which says nothing of the replica: placement knows better now. */
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
  const words = latest.reason ?? 'no reason was given'
  const { length: tries } = hostPorts.length > 0 ? failures.filter((failure) => !lackedPort(failure)) : failures
  return {
    failures,
    exhausted: wasRestarted(latest)
      ? `failed after ${latest.restartsInARow} restarts: ${words}`
      : tries < allowed
        ? null
        : `failed ${tries} times: ${words}`,
    // Its own chance for each attempt, and the same one whenever it is planned again.
    dueMs: (latest.finishedAt ?? now).getTime() + backoffMs(failures.length, policy.pause, chanceOf(latest.id)),
  }
}

interface PlanOptions {
  now: Date
  policy?: RetryPolicy
}

/**
 * Compares what is wanted with the attempts that there are and says what to do. Pure: `now` comes from the caller.
 * `attempts` holds, for each slot, at least every attempt of the present version and every one that is still live.
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
    // Elsewhere it did not come up either: it stays where it is restarted.
    if (replace?.why === 'restart' && record.exhausted !== null) continue
    const next = { slot, generation: (own[0]?.generation ?? 0) + 1 }
    if (replace) moves.push({ ...next, replaces: replace.replica.id, why: replace.why })
    else plan.place.push(next)
    // A replica that leaves its node runs well where it is: that is no reason to give up its deployment.
    if (record.exhausted !== null && missing) plan.exhausted ??= `Replica ${slot + 1} ${record.exhausted}`
    if (record.exhausted !== null && replace?.why === 'update')
      plan.exhausted ??= paused(deployment, replace.replica, `replica ${slot + 1} ${record.exhausted}`)
  }
  if (plan.exhausted !== null) return { ...plan, place: [] }
  // A restart goes on anyway, and there may be no other node for it: it must not hold up the others.
  moves.sort((a, b) => Number(a.why === 'restart') - Number(b.why === 'restart'))
  // An update waits for every replica that is on its way, so that a bad revision takes down one at most.
  const busy = moves[0]?.why === 'update' ? updating : moving
  if (plan.place.length === 0) plan.move = moves.slice(0, Math.max(0, maxSurge - busy))

  const due = [...plan.place, ...plan.move].flatMap(({ slot }) => records.get(slot) ?? [])
  const retryAtMs = Math.max(0, ...due.map((record) => record.dueMs))
  if (retryAtMs > now.getTime()) plan.retryAt = new Date(retryAtMs)
  const failedOn = due.flatMap((record) => record.failures.map((failure) => failure.nodeId))
  plan.avoidNodeIds = [...new Set(failedOn)].sort()
  return plan
}

/** A replacement of another revision that says itself that it does not work. */
const isPaused = (
  onItsWay: SlotAssessment['onItsWay'],
): onItsWay is { replica: ReplicaAttempt; kept: ReplicaAttempt } =>
  onItsWay?.replica.health === 'unhealthy' &&
  onItsWay.kept !== null &&
  onItsWay.kept.revision !== onItsWay.replica.revision

const paused = ({ revision }: DesiredDeployment, kept: ReplicaAttempt, why: string): string =>
  `Update to revision ${revision} halted: ${why}; revision ${kept.revision} keeps running`
