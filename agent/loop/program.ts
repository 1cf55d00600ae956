/**
 * What the nodes of one agent process share: one batch of heartbeats, one subscription, one outbox. The control plane
 * may be away for any length of time: everything is retried, and the containers keep running.
 */

import type { Clock } from '@/agent/lib/clock'
import { sleep } from '@/agent/lib/clock'
import { type Logger, messageOf } from '@/agent/lib/log'
import type { Random } from '@/agent/lib/random'
import { LogOutbox } from '@/agent/logs/outbox'
import { type ControlPlane, ControlPlaneError, type Watch } from '@/agent/transport/control-plane'
import type { DesiredState, NodeHeartbeat } from '@/core/agents/protocol'
import type { NodeLoop } from './node'
import { Outbox } from './outbox'

interface ProgramOptions {
  controlPlane: ControlPlane
  heartbeatSeconds: number
  clock: Clock
  random: Random
  log: Logger
  /** Called when the control plane does not know this agent (any more). */
  onRejected?: (message: string) => void
  /** Called when another process holds the nodes, or none does: the agent must claim them. */
  onNotHolder?: () => void
}

/** The limit of a call's time-out: waiting longer would only delay the next try. */
const maxGraceMs = 30_000

export class Program {
  private readonly outbox: Outbox
  private readonly logOutbox: LogOutbox
  private readonly nodes = new Map<string, NodeLoop>()
  private readonly stopping = new AbortController()
  private watch: Watch | null = null
  private watching = false
  private lostAt: number | null = null
  private everySeconds: number

  constructor(private readonly options: ProgramOptions) {
    const { controlPlane, clock, random, log } = options
    this.everySeconds = options.heartbeatSeconds
    this.outbox = new Outbox({
      controlPlane,
      clock,
      random,
      log,
      onDelivered: (report) => this.nodes.get(report.nodeId)?.delivered(report.replicaId),
    })
    this.logOutbox = new LogOutbox({
      controlPlane,
      clock,
      random,
      log,
      onUndesired: (nodeId, replicaId) => this.nodes.get(nodeId)?.dropLog(replicaId),
    })
  }

  /** The outboxes that all nodes share. */
  get outboxes() {
    return { outbox: this.outbox, logOutbox: this.logOutbox }
  }

  /** Call before `start`. */
  add(node: NodeLoop): void {
    this.nodes.set(node.id, node)
  }

  async start(): Promise<void> {
    const nodes = [...this.nodes.values()]
    await Promise.all(nodes.map((node) => node.start()))
    this.watch = this.options.controlPlane.watch([...this.nodes.keys()], {
      onDesired: (state) => this.hand(state, null),
      onLogSubscriptions: ({ nodeId, replicas }) => this.nodes.get(nodeId)?.followLogs(replicas),
      onConnection: (connected, reason) => this.noteWatch(connected, reason),
    })
    void this.heartbeatLoop()
  }

  /** Ends the loops; containers keep running. Tries to send waiting reports once more, for at most `graceMs`. */
  async stop(graceMs = 2_000): Promise<void> {
    this.stopping.abort()
    this.watch?.close()
    for (const node of this.nodes.values()) node.stop()
    const { clock } = this.options
    const end = clock.now() + graceMs
    this.outbox.retryNow()
    while (this.outbox.size > 0 && clock.now() < end) await sleep(clock, 20)
    this.outbox.close()
    this.logOutbox.close()
    await Promise.all([...this.nodes.values()].map((node) => node.settled()))
  }

  private async heartbeatLoop(): Promise<void> {
    const { clock } = this.options
    const { signal } = this.stopping
    while (!signal.aborted) {
      const startedAt = clock.now()
      await this.heartbeat()
      // The clock of this machine may be set at any time, so the pause is limited to the interval.
      const everyMs = this.everySeconds * 1000
      await sleep(clock, Math.min(Math.max(0, startedAt + everyMs - clock.now()), everyMs), signal)
    }
  }

  private async heartbeat(): Promise<void> {
    const { controlPlane } = this.options
    const beats = await this.beats()
    try {
      // TCP alone would not notice a dead connection for minutes; a shorter time-out would only burden a slow server.
      const timeoutMs = Math.min(2_000 * this.everySeconds, maxGraceMs)
      const { stale, heartbeatSeconds, removed, returned } = await controlPlane.heartbeat(beats, timeoutMs)
      this.everySeconds = heartbeatSeconds ?? this.everySeconds
      this.noteSeen()
      // The machine may have been suspended, so that only the control plane noticed its absence.
      for (const nodeId of returned) this.nodes.get(nodeId)?.noteSeen()
      const held = new Map(beats.map((beat) => [beat.nodeId, beat.revision]))
      for (const state of stale) this.hand(state, held.get(state.nodeId) ?? null)
      for (const nodeId of removed) this.nodes.get(nodeId)?.noteRemoved()
    } catch (error) {
      if (!this.stopping.signal.aborted) this.noteLost(error)
    }
  }

  private async beats(): Promise<NodeHeartbeat[]> {
    const beats = await Promise.all([...this.nodes.values()].map((node) => node.beat()))
    const waiting = this.outbox.nodesWaiting
    return beats.map((beat) => ({ ...beat, reportsWaiting: waiting.has(beat.nodeId) }))
  }

  private hand(state: DesiredState, answerTo: string | null): void {
    const node = this.nodes.get(state.nodeId)
    node?.applyDesired(state, answerTo).catch((error) => {
      this.options.log.error(`${node.name}: could not take the wanted state: ${messageOf(error)}`)
    })
  }

  private noteSeen(): void {
    if (this.lostAt === null) return
    const seconds = Math.round((this.options.clock.now() - this.lostAt) / 1000)
    this.options.log.info(`the control plane is back after ${seconds} s`)
    this.lostAt = null
    for (const node of this.nodes.values()) node.noteSeen()
    // Reconnects at once instead of waiting for the backoff. An open stream may hang on a dead connection, but it
    // notices that by itself when the server's pings stop; until then heartbeats bring what it misses.
    if (!this.watching) this.watch?.restart()
    this.outbox.retryNow()
  }

  private noteLost(error: unknown): void {
    const kind = error instanceof ControlPlaneError ? error.kind : null
    if (this.lostAt === null && kind !== 'not-holder')
      this.options.log.warn(`lost the control plane: ${messageOf(error)}`)
    this.lostAt ??= this.options.clock.now()
    if (kind === 'unauthorized') this.options.onRejected?.(messageOf(error))
    else if (kind === 'not-holder') this.options.onNotHolder?.()
    else for (const node of this.nodes.values()) node.noteCutOff()
  }

  private noteWatch(connected: boolean, reason: string | null): void {
    if (connected && !this.watching) {
      this.options.log.info('watching the control plane')
      this.outbox.retryNow()
    } else if (!connected && reason) this.options.log.debug(`the watch is broken: ${reason}`)
    this.watching = connected
  }
}
