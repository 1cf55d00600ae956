/**
 * Records in the database up to when this server has stored what agents sent (server/store/nodes/report-intake.ts).
 * Every second a probe takes the path of a heartbeat and a report: through the server's own port and the queues to the
 * database. A server that is stopped, overloaded or without its database records nothing, and then no agent is
 * considered unreachable.
 */
import { request } from 'node:http'
import { delayToSay } from '@/core/agents/intake-state'
import type { Store } from '@/server/db/client'
import { DatabaseClock } from '@/server/lib/database-clock'
import { IntakeLane } from '@/server/lib/intake-lane'
import type { Logger } from '@/server/lib/log'
import type { AgentInbox } from '@/server/store/agents/inbox'
import { announceIntake, databaseTime, markIntake } from '@/server/store/nodes/report-intake'

const probeEveryMs = 1_000
/** After this long without a successful probe, the server accepted nothing in between. */
const breakAfterMs = 1_500
/** With this many probes under way, another one would not help. */
const probesAtMost = 60
/** Shorter gaps are recorded in the database but not logged. */
const gapToLogSeconds = 5

interface IntakeOptions {
  store: Store
  inbox: Pick<AgentInbox, 'heartbeatsTaken' | 'reportsTaken'>
  log: Logger
  /** Resolves when the server has answered a request at its own port. */
  reachSelf: () => Promise<void>
  monotonicMs?: () => number
}

/** Sends probes until `stopping` aborts. */
export function showIntake({ store, inbox, log, reachSelf, monotonicMs }: IntakeOptions, stopping: AbortSignal): void {
  const clock = new DatabaseClock(monotonicMs)
  let writing = false
  let isNew = false
  let wasLate = false
  const moved = () => {
    isNew = true
    if (!writing) void write()
  }
  const heartbeats = new IntakeLane(breakAfterMs, moved)
  const reports = new IntakeLane(breakAfterMs, moved)

  const write = async () => {
    writing = true
    try {
      while (isNew && !stopping.aborted) {
        isNew = false
        const { untilMs, unbrokenSinceMs } = heartbeats
        if (untilMs === null || unbrokenSinceMs === null) break
        const askedMs = clock.monotonicMs()
        const { gapSeconds, now } = await markIntake(store, {
          heartbeatsUntil: clock.at(untilMs),
          reportsUntil: reports.untilMs === null ? null : clock.at(reports.untilMs),
          unbrokenSince: clock.at(unbrokenSinceMs),
        })
        clock.learn(now, askedMs)
        if (gapSeconds < gapToLogSeconds) continue
        log.warn(`No heartbeats were taken for ${Math.round(gapSeconds)} s: this time counts against no node`)
        await announceIntake(store)
      }
    } catch (error) {
      // The next probe's mark will cover this one.
      log.debug({ err: error }, 'The mark of what agents sent could not be written')
    } finally {
      writing = false
    }
  }
  const sayWhenLate = async () => {
    const nowMs = clock.monotonicMs()
    const late = (lane: IntakeLane, limitSeconds: number) => nowMs - (lane.untilMs ?? nowMs) > limitSeconds * 1000
    const isLate = late(heartbeats, delayToSay.heartbeats) || late(reports, delayToSay.reports)
    if (isLate === wasLate) return
    wasLate = isLate
    log.warn(
      isLate
        ? 'Heartbeats or reports are recorded late: nothing is declared lost for it'
        : 'Heartbeats and reports are recorded in time again',
    )
    await announceIntake(store)
  }
  const probe = async () => {
    void sayWhenLate().catch(() => undefined)
    if (heartbeats.underWay >= probesAtMost || reports.underWay >= probesAtMost) return
    if (!clock.isKnown) {
      const askedMs = clock.monotonicMs()
      clock.learn(await databaseTime(store), askedMs)
    }
    const atMs = clock.monotonicMs()
    const reached = reachSelf()
    heartbeats.start(
      atMs,
      reached.then(() => inbox.heartbeatsTaken()),
    )
    reports.start(
      atMs,
      reached.then(() => inbox.reportsTaken()),
    )
  }
  const timer = setInterval(() => void probe().catch(() => undefined), probeEveryMs)
  stopping.addEventListener('abort', () => clearInterval(timer), { once: true })
}

/**
 * Agents abandon a heartbeat after twice its interval, and an abandoned heartbeat is not recorded. A server that takes
 * longer than this for a small request does not accept heartbeats in time, and must not claim to.
 */
const answerWithinMs = 5_000
/**
 * A server that has never reached its own port for this long is bound to another address, and does without this check.
 */
const unreachableForMs = 30_000

/** Sends this server a small request over a new connection, as a new agent would. */
export function selfAt({ host: boundTo, port }: { host: string; port: number }, log: Logger): () => Promise<void> {
  const begunMs = performance.now()
  const host = boundTo === '0.0.0.0' ? '127.0.0.1' : boundTo === '::' ? '::1' : boundTo
  let way: 'untried' | 'open' | 'closed' = 'untried'
  return async () => {
    if (way === 'closed') return
    try {
      await ask(host, port)
      way = 'open'
    } catch (error) {
      if (way === 'untried' && performance.now() - begunMs > unreachableForMs) {
        way = 'closed'
        log.warn(
          `This server does not reach itself at ${host}, port ${port} (${error instanceof Error ? error.message : error}): how busy it is is judged by its queues alone`,
        )
      }
      throw error
    }
  }
}

const ask = (host: string, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(answerWithinMs)
    const call = request({ host, port, path: '/api/health', agent: false, signal }, (answer) => {
      answer.on('error', reject)
      answer.on('end', () =>
        answer.statusCode === 200 ? resolve() : reject(new Error(`it answered with ${answer.statusCode}`)),
      )
      answer.resume()
    })
    call.on('error', reject)
    call.end()
  })
