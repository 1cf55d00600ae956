/**
 * The loop of one node. Three things may tell it that something changed: the control plane (applyDesired), the engine's
 * events, and a slow resync that finds what both missed. All end in reconcileNow, which starts one task per replica.
 */

import { type Engine, isUnreachable } from '@/agent/engines/engine'
import { engineMessage, fitMessage } from '@/agent/engines/engine-words'
import { ImageCleaner } from '@/agent/images/cleaner'
import { exactImage } from '@/agent/images/images'
import { Backoff } from '@/agent/lib/backoff'
import type { Clock } from '@/agent/lib/clock'
import { sleep } from '@/agent/lib/clock'
import { type Logger, wordsOf } from '@/agent/lib/log'
import type { Random } from '@/agent/lib/random'
import { Slots } from '@/agent/lib/slots'
import { NodeLogs } from '@/agent/logs/follower'
import type { LogOutbox } from '@/agent/logs/outbox'
import type { DesiredState, NodeHeartbeat } from '@/core/agents/protocol'
import type { ImageContent } from '@/core/deployments/image'
import type { LogSubscription } from '@/core/logs/log'
import { EngineView } from './engine-view'
import { NodeMemory } from './node-memory'
import type { Outbox } from './outbox'
import { type Action, reconcile } from './reconcile'
import { carryOut, type Work } from './replica'
import { TaskTable } from './tasks'

export interface NodeTiming {
  resyncMs: number
  stopGraceSeconds: number
  pullGraceMs: number
  parallelPulls: number
  parallelStarts: number
  /** How often the last lines of a container are sent that nobody reads. */
  logTailMs: number
  /** How often unused images are looked for, at most. */
  cleanImagesMs: number
}

const usualTiming: NodeTiming = {
  resyncMs: 10_000,
  stopGraceSeconds: 10,
  pullGraceMs: 10_000,
  parallelPulls: 3,
  parallelStarts: 4,
  logTailMs: 300_000,
  cleanImagesMs: 600_000,
}

export interface NodeLoopOptions {
  id: string
  name: string
  /** Ids that this node had before it joined anew: their containers are its own, too. */
  formerIds?: readonly string[]
  engine: Engine
  stateFile: string
  /** Whether to wait for the disk at each save: not for simulated nodes. */
  durable?: boolean
  outbox: Pick<Outbox, 'put' | 'isWaiting' | 'waitingOf'>
  logOutbox: Pick<LogOutbox, 'put' | 'newest'>
  resolveImage: Work['resolveImage']
  sharedImage: Work['sharedImage']
  clock: Clock
  random: Random
  log: Logger
  timing?: Partial<NodeTiming>
}

export class NodeLoop {
  readonly id: string
  readonly name: string
  private readonly timing: NodeTiming
  private readonly view: EngineView
  private readonly tasks: TaskTable
  private readonly work: Work
  private readonly stopping = new AbortController()
  /** What the control plane said last to this process. */
  private heard: DesiredState | null = null
  /** What is acted upon: the same, and before anything was heard what an earlier process left on the disk. */
  private wanted: DesiredState | null = null
  /** Pending while what was heard is written. */
  private saving: Promise<void> = Promise.resolve()
  /** The revision of the newest wanted state that is on the disk. */
  private acknowledged: string | null = null
  /** The control plane was asked and did not answer. */
  private cutOff = false
  private readonly memory: NodeMemory
  private readonly logs: NodeLogs
  private usage = { cpuPercent: 0, memoryPercent: 0 }
  private sampling: Promise<void> | null = null
  private engineError: string | null = null
  private readonly cleaner: ImageCleaner
  /** Starts that wait to hear which image their revision runs. */
  private readonly imageWaits = new Set<() => void>()
  /** Replica → what was logged last of what failed for it. */
  private readonly failures = new Map<string, string>()
  private callOffRestart: () => void = () => undefined

  constructor(private readonly options: NodeLoopOptions) {
    const { engine, clock } = options
    this.id = options.id
    this.name = options.name
    this.timing = { ...usualTiming, ...options.timing }
    this.memory = new NodeMemory({
      nodeId: options.id,
      name: options.name,
      stateFile: options.stateFile,
      durable: options.durable ?? true,
      outbox: options.outbox,
      clock,
      log: options.log,
      wanted: () => this.heard ?? this.wanted,
    })
    this.view = new EngineView(engine, new Set([options.id, ...(options.formerIds ?? [])]), clock)
    this.logs = new NodeLogs({
      nodeId: options.id,
      engine,
      clock,
      random: options.random,
      outbox: options.logOutbox,
      tailEveryMs: this.timing.logTailMs,
      containers: () => this.view.containers(),
      wordsOf: (replicaId, error) => this.wordsAbout(replicaId, error),
    })
    this.cleaner = new ImageCleaner({ engine, file: `${options.stateFile}.images`, clock, log: options.log })
    this.tasks = new TaskTable(clock, options.random, () => this.reconcileNow())
    this.work = {
      nodeId: options.id,
      engine,
      clock,
      pulls: new Slots(this.timing.parallelPulls),
      starts: new Slots(this.timing.parallelStarts),
      stopGraceSeconds: this.timing.stopGraceSeconds,
      pullGraceMs: this.timing.pullGraceMs,
      reported: (replicaId) => this.memory.reported.get(replicaId),
      record: (replicaId) => this.memory.record(replicaId),
      submit: (report, mayWaitMs) => this.memory.submit(report, mayWaitMs),
      remember: (report, mayWaitMs) => this.memory.remember(report, mayWaitMs),
      saved: () => this.saving,
      look: (containerId) => this.view.look(containerId),
      keepLog: (replicaId, containerId) => this.logs.keepEnd(replicaId, containerId),
      imageOf: (replicaId) => this.imageOf(replicaId),
      imageNews: (replicaId, ms, signal) => this.imageNews(replicaId, ms, signal),
      resolveImage: options.resolveImage,
      sharedImage: options.sharedImage,
      pulled: (names, replica) => this.cleaner.notePulled(names, replica),
    }
  }

  /** How many differences the slow resync found that no event had told of: flat on a healthy node. */
  get corrections(): number {
    return this.view.corrections
  }

  /** Reads what it knew before a restart, says it again, and begins to follow the engine. */
  async start(): Promise<void> {
    this.wanted = await this.memory.load()
    void this.followEngine()
    void this.resyncLoop()
    void this.cleanImages()
    void this.logs.keepTails()
  }

  /** Ends the loop; containers keep running. */
  stop(): void {
    this.stopping.abort()
    this.logs.stop()
    this.callOffRestart()
    this.tasks.abortAll()
  }

  /** Resolves when the last state is on the disk. */
  async settled(): Promise<void> {
    await this.memory.save()
  }

  /**
   * Takes a newer wanted state. An older one counts only as the answer to a heartbeat that named what is held now: then
   * the control plane went back, for example to a backup of its database.
   */
  async applyDesired(state: DesiredState, answerTo: string | null = null): Promise<void> {
    if (state.nodeId !== this.id) return
    const held = this.heard?.revision
    if (held === state.revision) return this.acknowledge()
    if (held !== undefined && BigInt(state.revision) < BigInt(held) && answerTo !== held) return
    this.heard = state
    this.wanted = state
    for (const submit of [...this.imageWaits]) submit()
    this.memory.repeatEnds(state)
    this.saving = this.acknowledge()
    this.reconcileNow()
    await this.saving
  }

  private imageOf(replicaId: string): ImageContent | null {
    return this.wanted?.replicas.find((each) => each.replicaId === replicaId)?.imageContent ?? null
  }

  private async imageNews(replicaId: string, ms: number, signal: AbortSignal): Promise<void> {
    const heard = new AbortController()
    const submit = () => {
      if (this.imageOf(replicaId)) heard.abort()
    }
    this.imageWaits.add(submit)
    try {
      await sleep(this.options.clock, ms, AbortSignal.any([signal, heard.signal, this.stopping.signal]))
    } finally {
      this.imageWaits.delete(submit)
    }
  }

  /** Once it is on the disk, and not before: a power cut must not take back what the control plane relies on. */
  private async acknowledge(): Promise<void> {
    const revision = this.heard?.revision ?? null
    if (this.acknowledged !== revision && (await this.memory.save())) this.acknowledged = revision
  }

  /** Somebody reads these logs, and no others of this node. */
  followLogs(subscriptions: readonly LogSubscription[]): void {
    if (!this.stopping.signal.aborted) this.logs.follow(subscriptions)
  }

  /** Nobody reads the log of this replica any more. */
  dropLog(replicaId: string): void {
    this.logs.drop(replicaId)
  }

  /** The control plane does not answer: what is remembered is all that there is to go by. */
  noteCutOff(): void {
    if (this.cutOff) return
    this.cutOff = true
    this.reconcileNow()
  }

  /**
   * The control plane says that this node was removed from the fleet: what it ran runs elsewhere by now, so nothing of it
   * may stay. No error and no silence says as much.
   */
  noteRemoved(): void {
    if (this.heard?.revision === removedRevision) return
    this.options.log.error(
      `${this.name} was removed from the fleet: its containers are stopped (to bring it back, start with an empty data folder and a join token)`,
    )
    void this.applyDesired({ nodeId: this.id, revision: removedRevision, replicas: [] })
  }

  /** It answers again, or had missed this node. */
  noteSeen(): void {
    this.cutOff = false
    this.memory.repeat()
  }

  /** What to say of this node now. The usage may be the last one known, when the engine takes its time. */
  async beat(): Promise<Omit<NodeHeartbeat, 'reportsWaiting'>> {
    await Promise.race([this.sampleUsage(), sleep(this.options.clock, 500)])
    const problem = this.memory.mend()
    return {
      nodeId: this.id,
      cpuUsagePercent: this.usage.cpuPercent,
      memoryUsagePercent: this.usage.memoryPercent,
      // Either is a reason to give it nothing new.
      engineError: this.engineError ?? problem,
      // After a restart the whole wanted state is needed again: environments are not on the disk.
      revision: this.acknowledged ?? '0',
    }
  }

  /** The control plane took the newest report on this replica. */
  delivered(replicaId: string): void {
    this.memory.delivered()
    if (this.memory.reported.get(replicaId)?.gone) this.forgetEnded()
  }

  private sampleUsage(): Promise<void> {
    this.sampling ??= this.options.engine
      .usage(this.view.runningIds())
      .then(
        (usage) => {
          this.usage = usage
        },
        (error) => this.noteEngine(error),
      )
      .finally(() => {
        this.sampling = null
      })
    return this.sampling
  }

  private reconcileNow(): void {
    if (this.stopping.signal.aborted || !this.wanted || !this.view.known) return
    const situation = {
      wanted: this.wanted.replicas,
      containers: this.view.containers(),
      memory: this.memory.reported,
      interrupted: this.memory.interrupted(),
      pausing: this.memory.pausing(),
    }
    for (const action of reconcile(situation)) {
      if (this.wanted !== this.heard && !this.mayFromMemory(action)) continue
      this.tasks.run(action, (signal) => this.perform(action, signal))
    }
    this.forgetEnded()
    this.awaitRestart()
  }

  /** Reconciles once the next restart is due. */
  private awaitRestart(): void {
    this.callOffRestart()
    const inMs = this.memory.nextRestartInMs()
    this.callOffRestart = inMs === null ? () => undefined : this.options.clock.after(inMs, () => this.reconcileNow())
  }

  /**
   * Nothing is started from old memory alone: it may run elsewhere by now. The one exception is what ran here until it
   * ended or the machine was started anew, while the control plane can't be asked: cut off without a reboot it would run on as well.
   */
  private mayFromMemory(action: Action): boolean {
    if (action.kind === 'revive' || action.kind === 'restart') return this.cutOff
    // Made by an earlier process for what it did not live to write down: it does no harm, and may be wanted.
    if (action.kind === 'stop' && action.container.state === 'created') return false
    return !startsSomething(action)
  }

  private async perform(action: Action, signal: AbortSignal): Promise<void> {
    const touched = this.view.touching(action.replicaId)
    try {
      // Making a container takes longer than that: it waits before it starts it.
      if (action.kind !== 'start') await this.saving
      await carryOut(this.work, action, signal)
    } catch (error) {
      if (signal.aborted) return
      this.noteEngine(error)
      if (!isUnreachable(error)) this.noteFailure(action, this.wordsAbout(action.replicaId, error))
      throw error
    } finally {
      touched()
      for (const containerId of this.view.newsOf(action.replicaId)) void this.onContainer(containerId, null)
    }
  }

  /** What is tried again without end is not logged without end. */
  private noteFailure({ kind, replicaId }: Action, words: string): void {
    const line = `${this.name}: ${kind} failed: ${words}`
    if (this.failures.get(replicaId) !== line) this.options.log.error(line)
    this.failures.set(replicaId, line)
  }

  /** The words of an error that may quote the environment of the replica. */
  private wordsAbout(replicaId: string, error: unknown): string {
    const replica = this.wanted?.replicas.find((each) => each.replicaId === replicaId)
    return engineMessage(wordsOf(error), replica?.env ?? {})
  }

  private async followEngine(): Promise<void> {
    const { engine, clock, random } = this.options
    const { signal } = this.stopping
    const backoff = new Backoff({ firstMs: 500, maxMs: 10_000 }, random)
    while (!signal.aborted) {
      const error = await new Promise<Error | null>((resolve) => {
        engine.follow(
          {
            onOpen: () => {
              backoff.reset()
              // What happened before the stream stood is not a correction.
              void this.resync(false)
            },
            onContainer: (containerId, replicaId) => void this.onContainer(containerId, replicaId),
            onEnd: resolve,
          },
          signal,
        )
        signal.addEventListener('abort', () => resolve(null), { once: true })
      })
      if (signal.aborted) return
      if (error) this.noteEngine(error)
      await sleep(clock, backoff.next(), signal)
    }
  }

  private async onContainer(containerId: string, replicaId: string | null): Promise<void> {
    // Its own task looks at the end anyway, and once more when this came after its look.
    if (replicaId && this.tasks.isBusy(replicaId)) return this.view.markNews(containerId, replicaId)
    try {
      await this.view.look(containerId)
      this.reconcileNow()
    } catch (error) {
      this.noteEngine(error)
    }
  }

  /** Only what the control plane said to this process tells what is needed. */
  private async cleanImages(): Promise<void> {
    const { clock, random, log } = this.options
    const { signal } = this.stopping
    while (!signal.aborted) {
      await sleep(clock, this.timing.cleanImagesMs * (0.5 + random() / 2), signal)
      if (signal.aborted || !this.heard) continue
      const desired = this.heard.replicas.map((replica) => ({
        deploymentId: replica.deploymentId,
        image: replica.imageContent ? exactImage(replica, replica.imageContent) : replica.image,
      }))
      await this.cleaner.sweep(desired).catch((error) => log.debug(`${this.name}: images stay: ${wordsOf(error)}`))
    }
  }

  private async resyncLoop(): Promise<void> {
    const { clock, random } = this.options
    const { signal } = this.stopping
    await this.resync(false)
    // Spread out, so that a thousand nodes of one process don't all list at once.
    await sleep(clock, this.timing.resyncMs * random(), signal)
    while (!signal.aborted) {
      await this.resync(true)
      await sleep(clock, this.timing.resyncMs, signal)
    }
  }

  private async resync(count: boolean): Promise<void> {
    try {
      const session = await this.options.engine.session()
      const found = await this.view.refresh((replicaId) => this.tasks.isBusy(replicaId), count)
      // Started anew in between: which of the two runs was listed is not known.
      if ((await this.options.engine.session()) !== session) return this.resync(false)
      this.memory.sawEngine(session, this.view.runningReplicas())
      if (found > 0) this.options.log.warn(`${this.name}: the resync corrected ${found} containers`)
      if (this.engineError) this.options.log.info(`${this.name}: the engine answers again`)
      this.engineError = null
      this.reconcileNow()
    } catch (error) {
      this.noteEngine(error)
    }
  }

  private noteEngine(error: unknown): void {
    if (!isUnreachable(error)) return
    const words = fitMessage(wordsOf(error))
    if (this.engineError !== words) this.options.log.warn(`${this.name}: ${words}`)
    this.engineError = words
  }

  private forgetEnded(): void {
    const states = [this.heard, this.wanted]
    const wanted = new Set(states.flatMap((state) => state?.replicas.map((each) => each.replicaId) ?? []))
    for (const replicaId of this.memory.forgetEnded(wanted)) {
      this.view.forget(replicaId)
      this.tasks.forget(replicaId)
      this.failures.delete(replicaId)
    }
  }
}

/** Given out by no control plane, so that one which knows the node again tells all that it wants. */
const removedRevision = '999999999999999999'

const startsSomething = (action: Action): boolean =>
  action.kind === 'start' || action.kind === 'wait' || (action.kind === 'adopt' && action.container.state === 'created')
