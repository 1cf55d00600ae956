import { setTimeout as sleep } from 'node:timers/promises'
import { StaleLeaderError } from '../store/leadership'
import { sweepLostReplicas } from '../store/lost'
import { heartbeatLimitSeconds, lostAfterSeconds } from '../store/node-health'
import { markSilentNodes } from '../store/nodes'
import { pruneRecords } from '../store/retention'
import { readSettings } from '../store/settings'
import { checkRecords } from './check-records'
import { logChange, type Scheduling } from './evaluate'
import type { Reign } from './reign'

const sweepMs = 1_000
/** Stored decisions are replayed this often, some at a time. */
const checkRecordsEveryMs = 10_000
const recordsPerCheck = 4
const pruneEveryMs = 3_600_000
const dayMs = 86_400_000

/** Keeps the records honest and within what is to be kept, while this scheduler leads. */
export async function keepRecords(scheduling: Scheduling, signal: AbortSignal): Promise<void> {
  const { log } = scheduling
  let prunedMs = Number.NEGATIVE_INFINITY
  while (!signal.aborted) {
    await sleep(checkRecordsEveryMs, undefined, { signal }).catch(() => undefined)
    if (signal.aborted) return
    await checkRecords(scheduling, recordsPerCheck)
    if (performance.now() - prunedMs < pruneEveryMs) continue
    prunedMs = performance.now()
    await forgetOldRecords(scheduling).catch((error: unknown) => {
      if (error instanceof StaleLeaderError) throw error
      // It can wait for the next hour; scheduling can't.
      log.warn({ err: error }, 'Old decisions could not be forgotten')
    })
  }
}

async function forgetOldRecords({ store, log, clock, epoch }: Scheduling): Promise<void> {
  const { decisionRetentionDays } = await readSettings(store)
  const before = new Date(clock.now().getTime() - decisionRetentionDays * dayMs)
  const gone = await pruneRecords(store, { epoch, before })
  if (gone.decisions > 0) log.info(`Forgot ${gone.decisions} decisions older than ${decisionRetentionDays} days`)
}

/**
 * Watches nodes and replicas while this scheduler leads. For a while after its election it declares nothing silent or
 * lost: the silence may have been the control plane's own.
 */
export async function watchFleet(
  { store, log, epoch, reign }: Scheduling & { reign: Pick<Reign, 'show'> },
  signal: AbortSignal,
): Promise<void> {
  const electedMs = performance.now()
  let braked = false
  while (!signal.aborted) {
    await reign.show()
    const reignSeconds = (performance.now() - electedMs) / 1000
    if (reignSeconds > heartbeatLimitSeconds)
      for (const node of await markSilentNodes(store, epoch))
        log.warn(`Node ${node.nodeId} is offline: no heartbeat for ${heartbeatLimitSeconds} s`)
    if (reignSeconds > lostAfterSeconds) {
      const sweep = await sweepLostReplicas(store, epoch)
      if (sweep.braked !== braked) {
        braked = sweep.braked
        log.warn(
          braked
            ? 'More than half of the fleet is silent: nothing is moved until nodes return'
            : 'Enough nodes are heard again: moving replicas is on',
        )
      }
      for (const replica of sweep.lost) log.warn(`Replica ${replica.id} transitioned to LOST: ${replica.reason}`)
      for (const change of sweep.deployments) logChange(log, change)
    }
    await sleep(sweepMs, undefined, { signal }).catch(() => undefined)
  }
}
