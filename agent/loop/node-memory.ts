/**
 * What a node has reported about each replica. Reports are saved to disk, so that a restarted agent has them, and sent
 * if they are new.
 */

import { fitMessage } from '@/agent/engines/engine-words'
import type { Clock } from '@/agent/lib/clock'
import { SavedFile } from '@/agent/lib/files'
import { type Logger, messageOf } from '@/agent/lib/log'
import type { DesiredState, ReplicaReport } from '@/core/agents/protocol'
import { newerRecord, noRestarts, type RestartRecord } from '@/core/deployments/restart'
import { canTransition, replicaTransitions } from '@/core/deployments/status'
import { parseState, renderState } from './node-state'
import type { Outbox } from './outbox'

interface NodeMemoryOptions {
  nodeId: string
  name: string
  stateFile: string
  /** Whether each save waits for fsync. */
  durable: boolean
  outbox: Pick<Outbox, 'put' | 'isWaiting' | 'waitingOf'>
  clock: Clock
  log: Logger
  /** The newest desired state, which is saved in the same file. */
  wanted: () => DesiredState | null
}

const levels = { starting: 'debug', running: 'info', stopping: 'debug', stopped: 'info', failed: 'warn' } as const

export class NodeMemory {
  readonly reported = new Map<string, ReplicaReport>()
  private readonly sent = new Map<string, string>()
  private readonly saved: SavedFile
  /** The desired state of an earlier process, until this one receives its own. */
  private before: DesiredState | null = null
  /** Replica → the run of the engine in which it was last seen running. */
  private readonly ranIn = new Map<string, string>()
  /** The current run of the engine; null until known. */
  private session: string | null = null
  /** Reports in the file that are not the newest of their replica. */
  private earlierOnDisk = 0
  /** Replica → when its next restart is due, in milliseconds since 1970. */
  private readonly restartAt = new Map<string, number>()
  /** Why the last save failed; null when it did not. */
  private problem: string | null = null
  /** A delayed save, and when it is due in milliseconds since 1970. */
  private later: { at: number; callOff: () => void } | null = null

  constructor(private readonly options: NodeMemoryOptions) {
    const render = () => {
      const memory = [...this.reported.values()]
      const earlier = memory.flatMap(({ replicaId }) => options.outbox.waitingOf(replicaId).slice(0, -1))
      this.earlierOnDisk = earlier.length
      return renderState({ wanted: options.wanted(), memory, earlier, ranIn: Object.fromEntries(this.ranIn) })
    }
    this.saved = new SavedFile(options.stateFile, render, options.durable)
  }

  /** Loads what an earlier process saved, sends all its reports again, and returns its desired state. */
  async load(): Promise<DesiredState | null> {
    const { wanted, memory, earlier, ranIn } = parseState(await this.saved.load())
    this.before = wanted
    for (const [replicaId, session] of Object.entries(ranIn)) this.ranIn.set(replicaId, session)
    for (const report of earlier) this.options.outbox.put({ ...report, nodeId: this.options.nodeId })
    for (const each of memory) {
      // The report may name a former id of this node, but the control plane knows only the current one.
      const report = { ...each, nodeId: this.options.nodeId }
      this.reported.set(report.replicaId, report)
      this.noteRestart(report)
      this.send(report)
    }
    return wanted
  }

  /**
   * Persists and sends a report. Resolves when it is on the disk, or at once when it may wait `mayWaitMs` milliseconds
   * to be batched. Ignores a report that would move the replica's status backwards: another attempt is another replica.
   */
  async submit(news: ReplicaReport, mayWaitMs = 0): Promise<void> {
    const before = this.reported.get(news.replicaId)
    const report = unlessReported(before, { ...news, reason: fitMessage(news.reason), ...checkOf(news) })
    if (before && isPast(before, report)) return
    if (report.status === 'running') this.noteRunning([report.replicaId])
    this.reported.set(report.replicaId, report)
    this.noteRestart(report)
    this.send(report, mayWaitMs)
    await this.write(mayWaitMs)
  }

  /** Persists a report without sending it. */
  async persist(report: ReplicaReport, mayWaitMs = 0): Promise<void> {
    const news = { ...report, reason: fitMessage(report.reason), ...checkOf(report) }
    this.reported.set(report.replicaId, unlessReported(this.reported.get(report.replicaId), news))
    await this.write(mayWaitMs)
  }

  /** The replica's restart record, from this node or else from the control plane. */
  record(replicaId: string): RestartRecord {
    const reported = this.reported.get(replicaId)?.restarts
    const replica = this.options.wanted()?.replicas.find((each) => each.replicaId === replicaId)
    const known = replica?.restarts ?? noRestarts
    return reported ? newerRecord(reported, known) : known
  }

  /** Replicas whose restart is not due yet. */
  pausing(): Set<string> {
    const now = this.options.clock.now()
    return new Set([...this.restartAt].flatMap(([replicaId, at]) => (at > now ? [replicaId] : [])))
  }

  /** Milliseconds until the next restart that is not due yet; null without any. */
  nextRestartInMs(): number | null {
    const now = this.options.clock.now()
    const due = [...this.restartAt.values()].filter((at) => at > now)
    return due.length === 0 ? null : Math.min(...due) - now
  }

  /** A restart delay never grows, not even when the clock was set back meanwhile. */
  private noteRestart({ replicaId, restartInMs, observedAt }: ReplicaReport): void {
    if (restartInMs === null) return void this.restartAt.delete(replicaId)
    const now = this.options.clock.now()
    this.restartAt.set(replicaId, Math.min((Date.parse(observedAt ?? '') || now) + restartInMs, now + restartInMs))
  }

  private async write(mayWaitMs: number): Promise<void> {
    if (mayWaitMs === 0) return void (await this.save())
    const { clock } = this.options
    const at = clock.now() + mayWaitMs
    if (this.later && this.later.at <= at) return
    this.later?.callOff()
    this.later = { at, callOff: clock.after(mayWaitMs, () => void this.save()) }
  }

  /** Records which run of the engine was listed and which replicas ran in it. */
  sawEngine(session: string, running: readonly string[]): void {
    this.session = session
    if (this.noteRunning(running)) void this.save()
  }

  /** Returns whether anything was new. */
  private noteRunning(replicaIds: readonly string[]): boolean {
    const { session } = this
    if (session === null) return false
    const news = replicaIds.filter((replicaId) => this.ranIn.get(replicaId) !== session)
    for (const replicaId of news) this.ranIn.set(replicaId, session)
    return news.length > 0
  }

  /** Replicas that were last seen running in an earlier run of the engine. */
  interrupted(): Set<string> {
    const { session } = this
    return new Set(
      [...this.ranIn].flatMap(([replicaId, ranIn]) => (session !== null && ranIn !== session ? [replicaId] : [])),
    )
  }

  /** Sends all current reports again: after an outage the control plane needs to know what still holds. */
  repeat(): void {
    for (const report of this.reported.values()) {
      // A report that was only persisted will be sent by the task that persisted it.
      const wasSent = this.sent.get(report.replicaId) === JSON.stringify(report)
      if (wasSent && !report.gone) this.options.outbox.put(report)
    }
  }

  /** Called when the control plane accepted a report. */
  delivered(): void {
    // Otherwise a restart would send obsolete reports again.
    if (this.earlierOnDisk > 0) void this.save()
  }

  /**
   * Sends again the ends of replicas that are still in the desired state: the control plane lost those reports, for
   * example because its database was restored.
   */
  repeatEnds(state: DesiredState): void {
    for (const { replicaId } of state.replicas) {
      const reported = this.reported.get(replicaId)
      if (reported?.gone) this.options.outbox.put(reported)
    }
  }

  /** Forgets replicas that have ended, whose end was delivered and that are no longer desired. Returns their ids. */
  forgetEnded(wanted: ReadonlySet<string>): string[] {
    const forgotten: string[] = []
    for (const [replicaId, { gone }] of this.reported) {
      if (!gone || wanted.has(replicaId) || this.options.outbox.isWaiting(replicaId)) continue
      forgotten.push(replicaId)
      this.reported.delete(replicaId)
      this.sent.delete(replicaId)
      this.ranIn.delete(replicaId)
      this.restartAt.delete(replicaId)
    }
    if (forgotten.length > 0) void this.save()
    return forgotten
  }

  /**
   * Returns whether the state is on the disk now. A full disk must not stop the node, which continues with what it has
   * in memory.
   */
  async save(): Promise<boolean> {
    this.later?.callOff()
    this.later = null
    try {
      await this.saved.save()
      this.problem = null
      return true
    } catch (error) {
      const message = `its agent cannot write its state: ${messageOf(error)}`
      if (this.problem !== message) this.options.log.error(`${this.options.name}: ${message}`)
      this.problem = message
      return false
    }
  }

  /** Retries a failed save. Returns its error; null when there was none. */
  mend(): string | null {
    if (this.problem !== null) void this.save()
    return this.problem
  }

  /** Sends a report unless the same one was sent last. */
  private send(report: ReplicaReport, mayWaitMs = 0): void {
    const { outbox, log, name, wanted } = this.options
    const text = JSON.stringify(report)
    if (this.sent.get(report.replicaId) === text) return
    this.sent.set(report.replicaId, text)
    outbox.put(report, mayWaitMs)
    const replica = (wanted() ?? this.before)?.replicas.find((each) => each.replicaId === report.replicaId)
    const label = replica ? `${replica.deploymentName}/${replica.slot}.${replica.generation}` : report.replicaId
    const health = report.health ? `, ${report.health}` : ''
    log[levels[report.status]](`${name}: ${label} ${report.status}${health}: ${report.reason}`)
  }
}

/** A report that repeats the previous one keeps the time at which that was observed. */
const unlessReported = (before: ReplicaReport | undefined, news: ReplicaReport): ReplicaReport =>
  before && JSON.stringify({ ...news, observedAt: before.observedAt }) === JSON.stringify(before) ? before : news

const checkOf = ({ checkOutput }: ReplicaReport): Pick<ReplicaReport, 'checkOutput'> => ({
  checkOutput: checkOutput === null ? null : fitMessage(checkOutput),
})

/**
 * Whether a report would move the status backwards. A replica returns to `starting` only with an interruption that was
 * not reported yet.
 */
const isPast = (before: ReplicaReport, news: ReplicaReport): boolean =>
  before.status !== news.status &&
  (!canTransition(replicaTransitions, before.status, news.status) ||
    (news.status === 'starting' && news.restarts.interruptions <= before.restarts.interruptions))
