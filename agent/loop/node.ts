/**
 * The loop of one node. Changes arrive in three ways: from the control plane (applyDesired), from the engine's events,
 * and from a slow resync that finds what both missed. All lead to reconcileNow, which starts at most one task per
 * replica.
 */

import { type Engine, isUnreachable } from '@/agent/engines/engine'
import { engineMessage, fitMessage } from '@/agent/engines/engine-words'
import { ImageCleaner } from '@/agent/images/cleaner'
import { exactImage } from '@/agent/images/images'
import { Backoff } from '@/agent/lib/backoff'
import type { Clock } from '@/agent/lib/clock'
import { sleep } from '@/agent/lib/clock'
import { type Logger, messageOf } from '@/agent/lib/log'
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
  /** How often the last lines of a container's log are sent while nobody reads it. */
  logTailMs: number
  /** Minimum time between two searches for unused images. */
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
  /** Ids that this node had before it rejoined: their containers belong to it, too. */
  formerIds?: readonly string[]
  engine: Engine
  stateFile: string
  /** Whether each save waits for fsync; simulated nodes don't need that. */
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
  /** The newest desired state that this process received. */
  private received: DesiredState | null = null
  /** The desired state that is acted upon: the received one, or until then the one that an earlier process saved. */
  private wanted: DesiredState | null = null
  /** Pending while the received state is being written. */
  private saving: Promise<void> = Promise.resolve()
  /** The revision of the newest desired state on the disk. */
  private acknowledged: string | null = null
  /** True when the last call to the control plane failed. */
  private cutOff = false
  private readonly memory: NodeMemory
  private readonly logs: NodeLogs
  private usage = { cpuPercent: 0, memoryPercent: 0 }
  private sampling: Promise<void> | null = null
  private engineError: string | null = null
  private readonly cleaner: ImageCleaner
  /** Wakes starts that wait for the image of their revision. */
  private readonly imageWaits = new Set<() => void>()
  /** Replica → the last failure that was logged for it. */
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
      wanted: () => this.received ?? this.wanted,
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
      messageOf: (replicaId, error) => this.messageAbout(replicaId, error),
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
      persist: (report, mayWaitMs) => this.memory.persist(report, mayWaitMs),
      saved: () => this.saving,
      inspect: (containerId) => this.view.inspect(containerId),
      keepLog: (replicaId, containerId) => this.logs.keepEnd(replicaId, containerId),
      imageOf: (replicaId) => this.imageOf(replicaId),
      imageNews: (replicaId, ms, signal) => this.imageNews(replicaId, ms, signal),
      resolveImage: options.resolveImage,
      sharedImage: options.sharedImage,
      pulled: (names, replica) => this.cleaner.notePulled(names, replica),
    }
  }

  /** How many differences the slow resync found that no event had announced: constant on a healthy node. */
  get corrections(): number {
    return this.view.corrections
  }

  /** Loads the state of an earlier process, reports it again, and begins to follow the engine. */
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
   * Applies a newer desired state. An older one is accepted only as the answer to a heartbeat that named the current
   * revision: then the control plane went back, for example to a backup of its database.
   */
  async applyDesired(state: DesiredState, answerTo: string | null = null): Promise<void> {
    if (state.nodeId !== this.id) return
    const held = this.received?.revision
    if (held === state.revision) return this.acknowledge()
    if (held !== undefined && BigInt(state.revision) < BigInt(held) && answerTo !== held) return
    this.received = state
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
    const received = new AbortController()
    const submit = () => {
      if (this.imageOf(replicaId)) received.abort()
    }
    this.imageWaits.add(submit)
    try {
      await sleep(this.options.clock, ms, AbortSignal.any([signal, received.signal, this.stopping.signal]))
    } finally {
      this.imageWaits.delete(submit)
    }
  }

  /** Only once the state is on the disk: a power cut must not undo what the control plane relies on. */
  private async acknowledge(): Promise<void> {
    const revision = this.received?.revision ?? null
    if (this.acknowledged !== revision && (await this.memory.save())) this.acknowledged = revision
  }

  /** Follows exactly these logs, the ones that somebody reads. */
  followLogs(subscriptions: readonly LogSubscription[]): void {
    if (!this.stopping.signal.aborted) this.logs.follow(subscriptions)
  }

  /** Stops following the log of a replica. */
  dropLog(replicaId: string): void {
    this.logs.drop(replicaId)
  }

  /** Notes that the control plane does not answer, so that the node acts on its saved state. */
  noteCutOff(): void {
    if (this.cutOff) return
    this.cutOff = true
    this.reconcileNow()
  }

  /**
   * Notes that this node was removed from the fleet. Its replicas run elsewhere by now, so all its containers are
   * stopped. Only an explicit answer causes this, never an error or a lost connection.
   */
  noteRemoved(): void {
    if (this.received?.revision === removedRevision) return
    this.options.log.error(
      `${this.name} was removed from the fleet: its containers are stopped (to bring it back, start with an empty data folder and a join token)`,
    )
    void this.applyDesired({ nodeId: this.id, revision: removedRevision, replicas: [] })
  }

  /** Notes that the control plane answers again, or had considered this node offline. */
  noteSeen(): void {
    this.cutOff = false
    this.memory.repeat()
  }

  /** The node's heartbeat. Its usage may be the previous sample when the engine is slow. */
  async beat(): Promise<Omit<NodeHeartbeat, 'reportsWaiting'>> {
    await Promise.race([this.sampleUsage(), sleep(this.options.clock, 500)])
    const problem = this.memory.mend()
    return {
      nodeId: this.id,
      cpuUsagePercent: this.usage.cpuPercent,
      memoryUsagePercent: this.usage.memoryPercent,
      // With either problem the node should get no new replicas.
      engineError: this.engineError ?? problem,
      // A restarted agent needs the whole desired state again: environments are not on the disk.
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
      if (this.wanted !== this.received && !this.mayFromMemory(action)) continue
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
   * Nothing is started from the saved state alone: the replica may run elsewhere by now. The exception is a container
   * that ran here until it exited or the machine restarted, while the control plane can't be reached: without the
   * restart it would still run.
   */
  private mayFromMemory(action: Action): boolean {
    if (action.kind === 'revive' || action.kind === 'restart') return this.cutOff
    // An earlier process created it for a desired state that it could not save. It does no harm and may be desired.
    if (action.kind === 'stop' && action.container.state === 'created') return false
    return !startsSomething(action)
  }

  private async perform(action: Action, signal: AbortSignal): Promise<void> {
    const touched = this.view.touching(action.replicaId)
    try {
      // A start does not wait here: it creates the container meanwhile, and waits for the save before it starts it.
      if (action.kind !== 'start') await this.saving
      await carryOut(this.work, action, signal)
    } catch (error) {
      if (signal.aborted) return
      this.noteEngine(error)
      if (!isUnreachable(error)) this.noteFailure(action, this.messageAbout(action.replicaId, error))
      throw error
    } finally {
      touched()
      for (const containerId of this.view.newsOf(action.replicaId)) void this.onContainer(containerId, null)
    }
  }

  /** Logs a repeated failure only once. */
  private noteFailure({ kind, replicaId }: Action, message: string): void {
    const line = `${this.name}: ${kind} failed: ${message}`
    if (this.failures.get(replicaId) !== line) this.options.log.error(line)
    this.failures.set(replicaId, line)
  }

  /** The message of an error, without the values of the replica's environment. */
  private messageAbout(replicaId: string, error: unknown): string {
    const replica = this.wanted?.replicas.find((each) => each.replicaId === replicaId)
    return engineMessage(messageOf(error), replica?.env ?? {})
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
              // Changes from before the stream opened are not corrections.
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
    // A running task inspects the container at its end, and again if this event came after that.
    if (replicaId && this.tasks.isBusy(replicaId)) return this.view.markNews(containerId, replicaId)
    try {
      await this.view.inspect(containerId)
      this.reconcileNow()
    } catch (error) {
      this.noteEngine(error)
    }
  }

  /** Only a desired state that this process received shows which images are needed. */
  private async cleanImages(): Promise<void> {
    const { clock, random, log } = this.options
    const { signal } = this.stopping
    while (!signal.aborted) {
      await sleep(clock, this.timing.cleanImagesMs * (0.5 + random() / 2), signal)
      if (signal.aborted || !this.received) continue
      const desired = this.received.replicas.map((replica) => ({
        deploymentId: replica.deploymentId,
        image: replica.imageContent ? exactImage(replica, replica.imageContent) : replica.image,
      }))
      await this.cleaner.sweep(desired).catch((error) => log.debug(`${this.name}: images stay: ${messageOf(error)}`))
    }
  }

  private async resyncLoop(): Promise<void> {
    const { clock, random } = this.options
    const { signal } = this.stopping
    await this.resync(false)
    // Random, so that a thousand nodes of one process don't all list at once.
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
      // The engine restarted meanwhile, so it is unknown which of its two runs was listed.
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
    const message = fitMessage(messageOf(error))
    if (this.engineError !== message) this.options.log.warn(`${this.name}: ${message}`)
    this.engineError = message
  }

  private forgetEnded(): void {
    const states = [this.received, this.wanted]
    const wanted = new Set(states.flatMap((state) => state?.replicas.map((each) => each.replicaId) ?? []))
    for (const replicaId of this.memory.forgetEnded(wanted)) {
      this.view.forget(replicaId)
      this.tasks.forget(replicaId)
      this.failures.delete(replicaId)
    }
  }
}

/** A revision that no control plane assigns, so that one that knows the node again sends its whole desired state. */
const removedRevision = '999999999999999999'

const startsSomething = (action: Action): boolean =>
  action.kind === 'start' || action.kind === 'wait' || (action.kind === 'adopt' && action.container.state === 'created')
