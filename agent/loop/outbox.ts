/**
 * Reports on their way to the control plane. For each replica the newest report of each status waits, in the order in
 * which replicas first changed: after an outage every step is reported, yet the backlog is bounded. Reports that arrive
 * during a call are sent with the next one; a report that may wait is held back briefly, to be batched with those that
 * follow.
 */

import { Backoff } from '@/agent/lib/backoff'
import type { Clock } from '@/agent/lib/clock'
import { sleep } from '@/agent/lib/clock'
import { type Logger, messageOf } from '@/agent/lib/log'
import type { Random } from '@/agent/lib/random'
import { type ControlPlane, isAboutInput, isRefusal } from '@/agent/transport/control-plane'
import type { ReplicaReport } from '@/core/agents/protocol'

const batchSize = 500
/**
 * Waiting reports per replica; a container that restarts again and again during an outage produces them without end.
 */
const waitingAtMost = 32
const callTimeoutMs = 15_000
/** After this many consecutive errors that may be due to the input, reports are sent one by one. */
const answersToOneByOne = 2
/** After this many consecutive rejected reports the fault is not in the reports, so the rest is kept. */
const untakenAtMost = 3

interface OutboxOptions {
  controlPlane: Pick<ControlPlane, 'report'>
  clock: Clock
  random: Random
  log: Logger
  /** Called when a report was accepted, or was dropped for good. */
  onDelivered: (report: ReplicaReport) => void
}

export class Outbox {
  private readonly waiting = new Map<string, ReplicaReport[]>()
  private readonly backoff: Backoff
  private sending = false
  /** Consecutive errors that may be due to the input. */
  private wrongAnswers = 0
  private closed = false
  private wake = new AbortController()
  private hurry = new AbortController()
  /** When the most urgent report is due, in milliseconds since 1970; infinite when none waits. */
  private dueAt = Number.POSITIVE_INFINITY

  constructor(private readonly options: OutboxOptions) {
    this.backoff = new Backoff({ firstMs: 500, maxMs: 15_000 }, options.random)
  }

  /** `mayWaitMs`: how long the report may wait to be batched with others. */
  put(report: ReplicaReport, mayWaitMs = 0): void {
    const steps = this.waitingOf(report.replicaId)
    const last = steps.at(-1)
    const sameStep =
      last?.status === report.status &&
      last.startedAt === report.startedAt &&
      last.restarts.interruptions === report.restarts.interruptions
    const next = [...(sameStep ? steps.slice(0, -1) : steps), report]
    this.waiting.set(report.replicaId, next.slice(-waitingAtMost))
    this.dueAt = Math.min(this.dueAt, this.options.clock.now() + mayWaitMs)
    this.hurry.abort()
    if (!this.sending && !this.closed) void this.send()
  }

  isWaiting(replicaId: string): boolean {
    return this.waiting.has(replicaId)
  }

  /** Waiting reports of one replica, oldest first. */
  waitingOf(replicaId: string): readonly ReplicaReport[] {
    return this.waiting.get(replicaId) ?? []
  }

  get size(): number {
    return this.waiting.size
  }

  /** Ids of the nodes with waiting reports. */
  get nodesWaiting(): ReadonlySet<string> {
    return new Set([...this.waiting.values()].flatMap((steps) => steps.map((report) => report.nodeId)))
  }

  /** Ends the current backoff, because the control plane just answered. */
  retryNow(): void {
    this.wake.abort()
  }

  close(): void {
    this.closed = true
    this.hurry.abort()
    this.wake.abort()
  }

  private async send(): Promise<void> {
    this.sending = true
    try {
      // Yields once, so that changes of the same moment are sent together.
      await Promise.resolve()
      while (this.waiting.size > 0 && !this.closed) {
        await this.company()
        if (this.closed) return
        const all = [...this.waiting.values()].flat()
        this.dueAt = all.length > batchSize ? 0 : Number.POSITIVE_INFINITY
        try {
          await this.deliver(all.slice(0, batchSize))
          this.backoff.reset()
          this.wrongAnswers = 0
        } catch (error) {
          if (this.closed) return
          this.dueAt = 0
          this.options.log.debug(`${this.waiting.size} replicas have reports that wait: ${messageOf(error)}`)
          this.wake = new AbortController()
          await sleep(this.options.clock, this.backoff.next(), this.wake.signal)
        }
      }
    } finally {
      this.sending = false
    }
  }

  /** Resolves when a report is due. */
  private async company(): Promise<void> {
    const { clock } = this.options
    while (!this.closed && clock.now() < this.dueAt) {
      this.hurry = new AbortController()
      await sleep(clock, this.dueAt - clock.now(), this.hurry.signal)
    }
  }

  private async deliver(batch: ReplicaReport[]): Promise<void> {
    try {
      // The control plane ignores replicas that it doesn't know; they are in no desired state, so what is left of them
      // is removed anyway.
      await this.options.controlPlane.report(batch, callTimeoutMs)
      for (const report of batch) this.settle(report)
    } catch (error) {
      if (!isAboutInput(error)) throw error
      this.wrongAnswers += 1
      if (!isRefusal(error) && this.wrongAnswers < answersToOneByOne) throw error
      await this.deliverOneByOne(batch)
    }
  }

  /** Sends the reports one by one, so that a rejected one doesn't hold back the others. */
  private async deliverOneByOne(batch: ReplicaReport[]): Promise<void> {
    let problem: unknown = null
    let untaken = 0
    for (const report of batch) {
      const error = await this.deliverAlone(report)
      untaken = error === null ? 0 : untaken + 1
      problem ??= error
      if (untaken === untakenAtMost) break
    }
    if (problem !== null) throw problem
  }

  /**
   * Sends the report as it is, then a reduced form of it. Returns the error when neither was accepted; the report then
   * waits for a later try.
   */
  private async deliverAlone(report: ReplicaReport): Promise<unknown> {
    const { controlPlane, log } = this.options
    let message = ''
    for (const form of [report, plainReport(report)]) {
      try {
        await controlPlane.report([form], callTimeoutMs)
        if (message) log.error(`the report on replica ${report.replicaId} was not taken and set aside: ${message}`)
        this.settle(report)
        return null
      } catch (error) {
        if (!isAboutInput(error)) throw error
        message ||= messageOf(error)
        const isLast = form !== report
        if (!isLast) continue
        if (!isRefusal(error)) return error
        log.error(`the control plane refused the report on replica ${report.replicaId}: ${message}`)
        this.settle(report)
      }
    }
    return null
  }

  /** Removes this report only: a newer one of the replica stays. */
  private settle(report: ReplicaReport): void {
    const left = this.waitingOf(report.replicaId).filter((each) => each !== report)
    if (left.length > 0) this.waiting.set(report.replicaId, left)
    else this.waiting.delete(report.replicaId)
    this.options.onDelivered(report)
  }
}

/** The reduced form of a rejected report: the replica's status, and whether its container is gone. */
const plainReport = ({
  nodeId,
  replicaId,
  status,
  gone,
  restarts,
  restartInMs,
  standstill,
}: ReplicaReport): ReplicaReport => ({
  nodeId,
  replicaId,
  status,
  reason: `${plainMessage[status]} (the control plane could not take the whole report)`,
  containerId: null,
  exitCode: null,
  health: null,
  ports: [],
  startedAt: null,
  observedAt: null,
  gone,
  restarts,
  restartInMs,
  checkOutput: null,
  standstill,
})

const plainMessage: Record<ReplicaReport['status'], string> = {
  starting: 'Starting',
  running: 'Container is running',
  stopping: 'Stopping container',
  stopped: 'Stopped',
  failed: 'Failed',
}
