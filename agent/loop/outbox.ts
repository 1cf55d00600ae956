/**
 * Reports on their way to the control plane. Of each replica the newest of each status waits, in the order in which
 * replicas changed first: what happened while nobody listened is told step by step, and yet there is a bound to it. What
 * gathers while a call is under way goes with the next one; what may wait does so for a moment, to go with what follows.
 */

import { Backoff } from '@/agent/lib/backoff'
import type { Clock } from '@/agent/lib/clock'
import { sleep } from '@/agent/lib/clock'
import { type Logger, wordsOf } from '@/agent/lib/log'
import type { Random } from '@/agent/lib/random'
import { type ControlPlane, isAboutInput, isRefusal } from '@/agent/transport/control-plane'
import type { ReplicaReport } from '@/core/agents/protocol'

const batchSize = 500
/** Of one replica; a container that is started again and again while nobody listens makes new ones without end. */
const waitingAtMost = 32
const callTimeoutMs = 15_000
/** After so many answers that are no failure of the network, reports go one by one. */
const answersToOneByOne = 2
/** So many reports that are not taken in any form, one after the other: it is not they that are wrong. */
const untakenAtMost = 3

interface OutboxOptions {
  controlPlane: Pick<ControlPlane, 'report'>
  clock: Clock
  random: Random
  log: Logger
  /** It was taken, or will never be. */
  onDelivered: (report: ReplicaReport) => void
}

export class Outbox {
  private readonly waiting = new Map<string, ReplicaReport[]>()
  private readonly backoff: Backoff
  private sending = false
  /** Answers in a row that may be due to what was sent. */
  private wrongAnswers = 0
  private closed = false
  private wake = new AbortController()
  private hurry = new AbortController()
  /** When the most urgent of what waits is to go, by the clock; not before there is any. */
  private dueAt = Number.POSITIVE_INFINITY

  constructor(private readonly options: OutboxOptions) {
    this.backoff = new Backoff({ firstMs: 500, maxMs: 15_000 }, options.random)
  }

  /** `mayWaitMs`: for so long it may wait for something to go with. */
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

  /** What waits of one replica, the oldest first. */
  waitingOf(replicaId: string): readonly ReplicaReport[] {
    return this.waiting.get(replicaId) ?? []
  }

  get size(): number {
    return this.waiting.size
  }

  /** Ids of the nodes of whose replicas something waits. */
  get nodesWaiting(): ReadonlySet<string> {
    return new Set([...this.waiting.values()].flatMap((steps) => steps.map((report) => report.nodeId)))
  }

  /** The control plane was just heard: no need to wait any longer. */
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
      // One turn of the loop, so that the changes of one moment travel together.
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
          this.options.log.debug(`${this.waiting.size} replicas have reports that wait: ${wordsOf(error)}`)
          this.wake = new AbortController()
          await sleep(this.options.clock, this.backoff.next(), this.wake.signal)
        }
      }
    } finally {
      this.sending = false
    }
  }

  /** Resolves when something can't wait any longer. */
  private async company(): Promise<void> {
    const { clock } = this.options
    while (!this.closed && clock.now() < this.dueAt) {
      this.hurry = new AbortController()
      await sleep(clock, this.dueAt - clock.now(), this.hurry.signal)
    }
  }

  private async deliver(batch: ReplicaReport[]): Promise<void> {
    try {
      // A replica that is unknown there stays in nobody's wanted state: what is left of it is removed all the same.
      await this.options.controlPlane.report(batch, callTimeoutMs)
      for (const report of batch) this.settle(report)
    } catch (error) {
      if (!isAboutInput(error)) throw error
      this.wrongAnswers += 1
      if (!isRefusal(error) && this.wrongAnswers < answersToOneByOne) throw error
      await this.deliverOneByOne(batch)
    }
  }

  /** One report that cannot be taken must not hold back the others for ever. */
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

  /** As it is, else in plain words. Hands out why neither was taken; then it waits for a better time. */
  private async deliverAlone(report: ReplicaReport): Promise<unknown> {
    const { controlPlane, log } = this.options
    let words = ''
    for (const form of [report, plainReport(report)]) {
      try {
        await controlPlane.report([form], callTimeoutMs)
        if (words) log.error(`the report on replica ${report.replicaId} was not taken and set aside: ${words}`)
        this.settle(report)
        return null
      } catch (error) {
        if (!isAboutInput(error)) throw error
        words ||= wordsOf(error)
        const isLast = form !== report
        if (!isLast) continue
        if (!isRefusal(error)) return error
        log.error(`the control plane refused the report on replica ${report.replicaId}: ${words}`)
        this.settle(report)
      }
    }
    return null
  }

  /** A newer report that came meanwhile stays. */
  private settle(report: ReplicaReport): void {
    const left = this.waitingOf(report.replicaId).filter((each) => each !== report)
    if (left.length > 0) this.waiting.set(report.replicaId, left)
    else this.waiting.delete(report.replicaId)
    this.options.onDelivered(report)
  }
}

/** What matters of a report that could not be taken: what became of the replica, and whether its container is gone. */
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
  reason: `${plainWords[status]} (the control plane could not take the whole report)`,
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

const plainWords: Record<ReplicaReport['status'], string> = {
  starting: 'Starting',
  running: 'Container is running',
  stopping: 'Stopping container',
  stopped: 'Stopped',
  failed: 'Failed',
}
