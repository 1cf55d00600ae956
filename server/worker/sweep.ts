import { setTimeout as sleep } from 'node:timers/promises'
import { keptSessionDays } from '@/core/accounts/sessions'
import { logLimits } from '@/core/logs/log'
import { outageMessage } from '@/core/nodes/outage-protection'
import { defaultLostAfterSeconds, earliestLossSeconds, type Heartbeat } from '@/core/settings/settings'
import { pruneSessions } from '@/server/store/accounts/sessions'
import { pruneSignInCounts } from '@/server/store/accounts/sign-in-limit'
import { markUnreachableNodes } from '@/server/store/agents/heartbeats'
import { StaleLeaderError } from '@/server/store/leader/leadership'
import { pruneRecords } from '@/server/store/leader/retention'
import { pruneLogs } from '@/server/store/logs/inbox'
import { noteDeliveries, sweepLostReplicas } from '@/server/store/node-loss/lost'
import { judgeOutage, type OutageNews } from '@/server/store/node-loss/outage-protection'
import { readSettings } from '@/server/store/records/settings'
import { forgetOldConflicts } from '@/server/store/scheduling/host-ports'
import { checkRecords } from './check-records'
import { logChange, type Scheduling } from './evaluate'
import type { LeadershipTerm } from './leadership-term'

const sweepMs = 1_000
/** Minimum time between two samples of replayed decisions. */
const checkRecordsEveryMs = 10_000
const recordsPerCheck = 4
/**
 * After each check the scheduler pauses for this many times its duration: on a large and busy fleet replays take the
 * scheduler's time.
 */
const restPerCheck = 19
const pruneEveryMs = 3_600_000
const dayMs = 86_400_000

/** Replays samples of stored decisions and deletes old records, while this scheduler leads. */
export async function keepRecords(scheduling: Scheduling, signal: AbortSignal): Promise<void> {
  const { log } = scheduling
  let prunedMs = Number.NEGATIVE_INFINITY
  let restMs = checkRecordsEveryMs
  while (!signal.aborted) {
    await sleep(restMs, undefined, { signal }).catch(() => undefined)
    if (signal.aborted) return
    const begunMs = performance.now()
    await checkRecords(scheduling, recordsPerCheck)
    restMs = Math.max(checkRecordsEveryMs, restPerCheck * (performance.now() - begunMs))
    if (performance.now() - prunedMs < pruneEveryMs) continue
    prunedMs = performance.now()
    await forgetOldRecords(scheduling).catch((error: unknown) => {
      if (error instanceof StaleLeaderError) throw error
      // Deleting old records can wait for the next hour; scheduling can't.
      log.warn({ err: error }, 'Old records could not be forgotten')
    })
  }
}

async function forgetOldRecords({ store, log, clock, epoch }: Scheduling): Promise<void> {
  const { decisionRetentionDays } = await readSettings(store)
  const before = new Date(clock.now().getTime() - decisionRetentionDays * dayMs)
  const gone = await pruneRecords(store, { epoch, before })
  if (gone.decisions > 0) log.info(`Forgot ${gone.decisions} decisions older than ${decisionRetentionDays} days`)
  const logsBefore = new Date(clock.now().getTime() - logLimits.keptDays * dayMs)
  const logs = await pruneLogs(store, { epoch, before: logsBefore })
  const sessionsBefore = new Date(clock.now().getTime() - keptSessionDays * dayMs)
  const sessions = await pruneSessions(store, { epoch, before: sessionsBefore })
  if (sessions > 0) log.info(`Forgot ${sessions} sessions that ended ${keptSessionDays} days ago`)
  await pruneSignInCounts(store, epoch)
  if (logs > 0) log.info(`Forgot the logs of ${logs} replicas, unchanged for ${logLimits.keptDays} days`)
}

/**
 * The grace period: the earliest times at which a node may be marked offline and a replica lost, by performance.now(),
 * which doesn't change when the system clock is set.
 */
interface GracePeriod {
  heartbeat: Heartbeat
  offlineFromMs: number
  lostFromMs: number
}

/**
 * The grace period of a new leader, which must not mark anything offline or lost at first, because the control plane
 * itself may have been down. The same applies after a change of the heartbeat interval, until the slowest agent has
 * learned of it.
 */
function graceFrom(nowMs: number, heartbeat: Heartbeat, before: Heartbeat = heartbeat): GracePeriod {
  const slowest = Math.max(heartbeat.everySeconds, before.everySeconds)
  const offlineFromMs = nowMs + (slowest + heartbeat.limitSeconds) * 1000
  return { heartbeat, offlineFromMs, lostFromMs: Math.max(offlineFromMs, nowMs + defaultLostAfterSeconds * 1000) }
}

/** Marks unreachable nodes and lost replicas while this scheduler leads. */
export async function watchFleet(
  scheduling: Scheduling & { term: Pick<LeadershipTerm, 'show'> },
  signal: AbortSignal,
): Promise<void> {
  const { store, term } = scheduling
  let gracePeriod: GracePeriod | null = null
  while (!signal.aborted) {
    await term.show()
    const { heartbeat } = await readSettings(store)
    const nowMs = performance.now()
    if (!gracePeriod || !sameHeartbeat(gracePeriod.heartbeat, heartbeat))
      gracePeriod = graceFrom(nowMs, heartbeat, gracePeriod?.heartbeat)
    await sweep(scheduling, gracePeriod, nowMs)
    await forgetOldConflicts(store, scheduling.epoch)
    await sleep(sweepMs, undefined, { signal }).catch(() => undefined)
  }
}

const sameHeartbeat = (one: Heartbeat, other: Heartbeat): boolean =>
  one.everySeconds === other.everySeconds && one.limitSeconds === other.limitSeconds

/** Marks unreachable nodes, then checks for outages that need protection, and only then marks replicas lost. */
async function sweep({ store, log, epoch }: Scheduling, gracePeriod: GracePeriod, nowMs: number): Promise<void> {
  if (nowMs < gracePeriod.offlineFromMs) return
  for (const node of await markUnreachableNodes(store, epoch))
    log.warn(`Node ${node.nodeId} is offline: no heartbeat for ${node.offlineSeconds} s`)
  logOutages(log, await judgeOutage(store, epoch))
  await noteDeliveries(store, epoch)
  if (nowMs < gracePeriod.lostFromMs) return
  const earliestSeconds = earliestLossSeconds(gracePeriod.heartbeat)
  const { lost, deployments } = await sweepLostReplicas(store, { epoch, earliestSeconds })
  for (const replica of lost) log.warn(`Replica ${replica.id} transitioned to LOST: ${replica.reason}`)
  for (const change of deployments) logChange(log, change)
}

function logOutages(log: Scheduling['log'], { engaged, released }: OutageNews): void {
  for (const one of engaged) {
    const why = one.cause === 'fleet' ? ', and so is most of the fleet' : ''
    log.warn(`Outage protection: ${outageMessage(one)}${why}; nothing of it is moved until nodes return`)
  }
  for (const one of released)
    log.info(`Outage protection of ${one.region} is lifted: ${one.nodes - one.offline} of ${one.nodes} nodes report`)
}
