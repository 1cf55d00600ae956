/**
 * A control plane in memory, for tests of the agent's loop: it holds desired states, keeps reports, and can be made
 * unreachable. Like the real one it drops a replica from the desired state once the replica is reported gone.
 */
import { randomUUID } from 'node:crypto'
import {
  type ControlPlane,
  ControlPlaneError,
  type HeartbeatAnswer,
  type Joined,
  type Watch,
  type WatchHandlers,
} from '@/agent/transport/control-plane'
import type { Claim, ClaimAnswer } from '@/core/agents/identity'
import type {
  DesiredReplica,
  DesiredState,
  NodeDescription,
  NodeHeartbeat,
  ReplicaReport,
  ResolvedImage,
} from '@/core/agents/protocol'
import type { ImageContent } from '@/core/deployments/image'
import type { LogChunk, LogLine, LogSubscription } from '@/core/logs/log'

export class MemoryControlPlane implements ControlPlane {
  heartbeatSeconds = 0.2
  /** All reports in the order of arrival. */
  readonly reports: ReplicaReport[] = []
  readonly beats: NodeHeartbeat[] = []
  readonly logChunks: LogChunk[] = []
  /** Replicas whose logs somebody reads. */
  readonly read = new Set<string>()
  readonly joins: NodeDescription[][] = []
  /**
   * The outcome of the next calls: with `away` they fail as on a lost connection, with `silent` they are never answered.
   */
  line: 'up' | 'away' | 'silent' = 'up'
  /** Whether it acts on reports; false simulates a database that lost them. */
  concludes = true
  /** Time-outs of unanswered calls are divided by this factor. */
  speed = 1
  /** Whether the subscription pushes changes; heartbeats return them in any case. */
  pushes = true
  /** Removed nodes, named in the answers to heartbeats. */
  readonly removed = new Set<string>()
  /** Nodes that it considered offline, named in the answer to their next heartbeat. */
  readonly missed = new Set<string>()
  /** Whether it rejects all credentials; `refusals` counts the rejected calls. */
  refuses = false
  refusals = 0
  /** Deployment and revision → the revision's image. */
  readonly images = new Map<string, ImageContent>()
  private readonly ids = new Map<string, string>()
  private readonly wanted = new Map<string, DesiredState>()
  private readonly watchers = new Set<{ nodeIds: string[]; handlers: WatchHandlers }>()

  /** The newest report on a replica. */
  last(replicaId: string): ReplicaReport | undefined {
    return this.reports.findLast((report) => report.replicaId === replicaId)
  }

  reportsOn(replicaId: string): ReplicaReport[] {
    return this.reports.filter((report) => report.replicaId === replicaId)
  }

  idOf(name: string): string {
    const id = this.ids.get(name) ?? randomUUID()
    this.ids.set(name, id)
    return id
  }

  /** Forgets a node as if it had been removed and its name were free again. */
  forget(name: string): void {
    this.wanted.delete(this.idOf(name))
    this.ids.delete(name)
  }

  stateOf(nodeId: string): DesiredState {
    return this.wanted.get(nodeId) ?? { nodeId, revision: '0', replicas: [] }
  }

  /** Replaces the desired state of a node. */
  want(nodeId: string, replicas: DesiredReplica[], revision?: string): void {
    const next = revision ?? String(BigInt(this.stateOf(nodeId).revision) + 1n)
    const state = { nodeId, revision: next, replicas: structuredClone(replicas) }
    this.wanted.set(nodeId, state)
    if (this.pushes && this.line === 'up') this.push(state)
  }

  /** Pushes a state like the subscription does, whatever the desired state is. */
  push(state: DesiredState): void {
    for (const { nodeIds, handlers } of this.watchers) {
      if (nodeIds.includes(state.nodeId)) handlers.onDesired(structuredClone(state))
    }
  }

  /** Marks these replicas of the node, or all of them, to be stopped. */
  wantStop(nodeId: string, replicaIds?: string[]): void {
    const replicas = this.stateOf(nodeId).replicas.map((replica) =>
      !replicaIds || replicaIds.includes(replica.replicaId) ? { ...replica, wanted: 'stop' as const } : replica,
    )
    this.want(nodeId, replicas)
  }

  /** The answer to claims. */
  onClaim: (claim: Claim) => ClaimAnswer = () => ({ state: 'granted' })

  async claim(claim: Claim): Promise<ClaimAnswer> {
    await this.answer()
    return this.onClaim(claim)
  }

  async join(_joinToken: string | null, nodes: NodeDescription[]): Promise<Joined> {
    await this.answer()
    this.joins.push(nodes)
    const joined = nodes.map(({ name }) => ({ id: this.idOf(name), name }))
    return { nodes: joined, heartbeatSeconds: this.heartbeatSeconds }
  }

  async heartbeat(beats: NodeHeartbeat[], timeoutMs: number): Promise<HeartbeatAnswer> {
    await this.answer(timeoutMs)
    const known = [...this.ids.values()]
    if (this.refuses || !beats.some((beat) => known.includes(beat.nodeId))) {
      this.refusals += 1
      throw new ControlPlaneError('unauthorized', 'No node belongs to this credential: join again')
    }
    this.beats.push(...beats)
    const states = beats.map((beat) => ({ beat, state: this.stateOf(beat.nodeId) }))
    return {
      stale: states
        .filter(({ beat, state }) => state.revision !== beat.revision)
        .map(({ state }) => structuredClone(state)),
      heartbeatSeconds: this.heartbeatSeconds,
      removed: beats.flatMap(({ nodeId }) => (this.removed.has(nodeId) ? [nodeId] : [])),
      returned: beats.flatMap(({ nodeId }) => (this.missed.delete(nodeId) ? [nodeId] : [])),
    }
  }

  async report(reports: ReplicaReport[], timeoutMs: number): Promise<{ unknown: string[] }> {
    await this.answer(timeoutMs)
    this.reports.push(...structuredClone(reports))
    for (const { nodeId, replicaId, gone } of reports) {
      const { replicas } = this.stateOf(nodeId)
      const left = replicas.filter((replica) => replica.replicaId !== replicaId)
      if (this.concludes && gone && left.length < replicas.length) this.want(nodeId, left)
    }
    return { unknown: [] }
  }

  /** The first reported image counts for all replicas of the revision. */
  async resolveImage(found: ResolvedImage, timeoutMs: number): Promise<ImageContent | null> {
    await this.answer(timeoutMs)
    const replica = this.stateOf(found.nodeId).replicas.find(({ replicaId }) => replicaId === found.replicaId)
    if (!replica) return null
    const key = `${replica.deploymentId} ${replica.revision}`
    const content = this.images.get(key) ?? { digest: found.digest, imageId: found.imageId }
    if (this.images.has(key)) return content
    this.images.set(key, content)
    for (const state of [...this.wanted.values()]) {
      const others = state.replicas.filter((each) => `${each.deploymentId} ${each.revision}` === key)
      for (const each of others) each.imageContent = content
      if (others.length > 0 && state.nodeId !== found.nodeId) this.want(state.nodeId, state.replicas)
    }
    return content
  }

  /** Subscribes to these logs of the node. */
  wantLogs(nodeId: string, subscriptions: LogSubscription[]): void {
    for (const { replicaId } of subscriptions) this.read.add(replicaId)
    for (const { nodeIds, handlers } of this.watchers)
      if (nodeIds.includes(nodeId)) handlers.onLogSubscriptions({ nodeId, replicas: subscriptions })
  }

  linesOf(replicaId: string): LogLine[] {
    return this.logChunks.filter((chunk) => chunk.replicaId === replicaId).flatMap((chunk) => chunk.lines)
  }

  async sendLogs(chunks: LogChunk[], timeoutMs: number): Promise<{ undesired: string[] }> {
    await this.answer(timeoutMs)
    this.logChunks.push(...structuredClone(chunks))
    return { undesired: chunks.map((chunk) => chunk.replicaId).filter((id) => !this.read.has(id)) }
  }

  watch(nodeIds: string[], handlers: WatchHandlers): Watch {
    const watcher = { nodeIds, handlers }
    const open = () => {
      this.watchers.add(watcher)
      if (this.line !== 'up') return handlers.onConnection(false, 'away')
      handlers.onConnection(true, null)
      if (this.pushes) for (const nodeId of nodeIds) handlers.onDesired(structuredClone(this.stateOf(nodeId)))
    }
    queueMicrotask(open)
    return { restart: open, close: () => this.watchers.delete(watcher) }
  }

  private async answer(timeoutMs = 15_000): Promise<void> {
    if (this.line === 'silent') await new Promise((resolve) => setTimeout(resolve, timeoutMs / this.speed))
    else await new Promise((resolve) => setImmediate(resolve))
    if (this.line !== 'up') throw new ControlPlaneError('unreachable', 'the line is down')
  }
}
