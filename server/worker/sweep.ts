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
/** Stored decisions are replayed this often at most, some at a time. */
const checkRecordsEveryMs = 10_000
const recordsPerCheck = 4
/** After each check comes a rest so many times as long: on a large and busy fleet a replay takes the scheduler's time. */
const restPerCheck = 19
const pruneEveryMs = 3_600_000
const dayMs = 86_400_000

/** Keeps the records honest and within what is to be kept, while this scheduler leads. */
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
      // It can wait for the next hour; scheduling can't.
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
 * When it may be said that a node is silent, and that a replica is lost: by performance.now(), which no clock that is set
 * can move.
 */
interface GracePeriod {
  heartbeat: Heartbeat
  offlineFromMs: number
  lostFromMs: number
}

/**
 * For a while after its election a leader declares nothing silent or lost: the silence may have been the control plane's
 * own. So it is after a change of the interval, until the slowest agent has heard of it.
 */
function graceFrom(nowMs: number, heartbeat: Heartbeat, before: Heartbeat = heartbeat): GracePeriod {
  const slowest = Math.max(heartbeat.everySeconds, before.everySeconds)
  const offlineFromMs = nowMs + (slowest + heartbeat.limitSeconds) * 1000
  return { heartbeat, offlineFromMs, lostFromMs: Math.max(offlineFromMs, nowMs + defaultLostAfterSeconds * 1000) }
}

/** Watches nodes and replicas while this scheduler leads. */
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

/** Marks what is silent, then sees whether it is a storm, and only then says what is lost. */
async function sweep({ store, log, epoch }: Scheduling, gracePeriod: GracePeriod, nowMs: number): Promise<void> {
  if (nowMs < gracePeriod.offlineFromMs) return
  for (const node of await markUnreachableNodes(store, epoch))
    log.warn(`Node ${node.nodeId} is offline: no heartbeat for ${node.silentSeconds} s`)
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
    log.info(`Outage protection of ${one.region} is lifted: ${one.nodes - one.silent} of ${one.nodes} nodes report`)
}
