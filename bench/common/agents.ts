/**
 * Agents whose containers run at once. From the server's side of the network on, they work as real agents do: woken by
 * the change feed, they read their desired state, and send reports and heartbeats through the inbox. Only HTTP is left
 * out.
 */
import { randomBytes, randomUUID } from 'node:crypto'
import { loadAt } from '@/agent/engines/simulated/load'
import { unknownMachine } from '@/core/agents/identity'
import type { DesiredState, NodeHeartbeat, ReplicaReport } from '@/core/agents/protocol'
import { noRestarts } from '@/core/deployments/restart'
import type { ChangeStream } from '@/server/db/notify'
import { desiredStates } from '@/server/store/agents/desired-state'
import { joinNodes } from '@/server/store/agents/heartbeats'
import type { Speaker } from '@/server/store/agents/identities'
import type { AgentInbox } from '@/server/store/agents/inbox'
import { createJoinToken } from '@/server/store/agents/join-tokens'
import type { Scratch } from './scratch'

const regions = ['us-east', 'us-west', 'eu-west', 'eu-central', 'ap-southeast', 'sa-east']
const beatSeconds = 5
/** The heartbeats of one program are spread over its interval in this many calls. */
const callsPerPause = 20
const seed = 7

export interface SimulatedNode {
  id: string
  name: string
  capacity: { cpuCores: number; memoryMb: number }
}

/** Joins `count` nodes that are large enough for everything a benchmark places. */
export async function joinFleet(
  { store, actor }: Scratch,
  count: number,
  { speaker, prefix = 'node-' }: { speaker: Speaker; prefix?: string },
): Promise<SimulatedNode[]> {
  const { token } = await createJoinToken(store, actor, { name: 'bench', maxNodes: null, expiresInHours: 1 })
  const sizes = [64, 128, 256, 512]
  const nodes = Array.from({ length: count }, (_, i) => ({
    name: `${prefix}${String(i + 1).padStart(5, '0')}`,
    region: regions[i % regions.length] ?? 'us-east',
    type: 'compute_node',
    labels: { rack: `r${i % 40}` },
    engine: 'simulated' as const,
    engineVersion: null,
    cpuCores: sizes[i % sizes.length] ?? 64,
    memoryMb: 4096 * (sizes[(i >> 2) % sizes.length] ?? 64),
    storageGb: 100_000,
    gpuUnits: 0,
    latitude: null,
    longitude: null,
  }))
  const joined = await joinNodes(store, {
    ...{ joinToken: token, speaker, machine: unknownMachine, agentVersion: 'bench', address: null },
    nodes,
  })
  return joined.map(({ id, name }, i) => {
    const { cpuCores = 1, memoryMb = 1 } = nodes[i] ?? {}
    return { id, name, capacity: { cpuCores, memoryMb } }
  })
}

export const newSpeaker = (): Speaker => ({
  credential: randomBytes(32).toString('base64url'),
  instance: randomUUID(),
})

/**
 * The heartbeat of a simulated node without containers at a moment. `revision` is the one that the node received last.
 */
export function beatOf({ id, name, capacity }: SimulatedNode, atMs: number, revision = '0'): NodeHeartbeat {
  const { cpuPercent, memoryPercent } = loadAt(atMs, { seed, node: name, capacity, containers: [] })
  const usage = { cpuUsagePercent: cpuPercent, memoryUsagePercent: memoryPercent }
  return { nodeId: id, ...usage, engineError: null, revision, reportsWaiting: false }
}

/** One agent program with many nodes, which runs until it is closed. */
export class BenchAgent {
  readonly #speaker = newSpeaker()
  readonly #acknowledged = new Set<string>()
  readonly #revisions = new Map<string, string>()
  readonly #dirty = new Set<string>()
  #outbox: ReplicaReport[] = []
  #reading = false
  #reporting = false
  #beats: NodeJS.Timeout | null = null
  #unsubscribe: () => void = () => undefined
  nodes: SimulatedNode[] = []

  /** `onRunning` gets the number of deployments that became running in a commit of reports. */
  constructor(
    private readonly scratch: Scratch,
    private readonly options: { inbox: AgentInbox; onRunning: (deployments: number) => void },
  ) {}

  async join(count: number, prefix: string): Promise<this> {
    this.nodes = await joinFleet(this.scratch, count, { speaker: this.#speaker, prefix })
    await this.beat(this.nodes)
    return this
  }

  follow(changes: ChangeStream): void {
    const own = new Set(this.nodes.map((node) => node.id))
    this.#unsubscribe = changes.subscribe(({ topic, ids }) => {
      if (topic !== 'wanted') return
      for (const id of ids) if (own.has(id)) this.#dirty.add(id)
      if (!this.#reading && this.#dirty.size > 0) void this.#read()
    })
    this.beatOn()
  }

  /** Sends the heartbeats of all its nodes, each every five seconds. */
  beatOn(): void {
    let call = 0
    this.#beats = setInterval(
      () => {
        call = (call + 1) % callsPerPause
        void this.beat(this.nodes.filter((_, i) => i % callsPerPause === call))
      },
      (beatSeconds * 1000) / callsPerPause,
    )
  }

  async beat(nodes: SimulatedNode[], atMs = Date.now()): Promise<void> {
    await this.options.inbox.heartbeat(
      this.#speaker,
      nodes.map((node) => beatOf(node, atMs, this.#revisions.get(node.id))),
    )
  }

  close(): void {
    this.#unsubscribe()
    if (this.#beats) clearInterval(this.#beats)
  }

  async #read(): Promise<void> {
    this.#reading = true
    while (this.#dirty.size > 0) {
      const ids = [...this.#dirty]
      this.#dirty.clear()
      for (const state of await desiredStates(this.scratch.store, ids)) this.#obey(state)
    }
    this.#reading = false
  }

  #obey(state: DesiredState): void {
    this.#revisions.set(state.nodeId, state.revision)
    for (const replica of state.replicas) {
      if (replica.wanted !== 'run' || this.#acknowledged.has(replica.replicaId)) continue
      this.#acknowledged.add(replica.replicaId)
      this.#outbox.push({
        nodeId: state.nodeId,
        replicaId: replica.replicaId,
        status: 'running',
        reason: 'Container is running',
        containerId: replica.replicaId.replaceAll('-', ''),
        exitCode: null,
        health: null,
        ports: [],
        startedAt: new Date().toISOString(),
        observedAt: null,
        gone: false,
        restarts: noRestarts,
        restartInMs: null,
        checkOutput: null,
        standstill: null,
      })
    }
    if (!this.#reporting && this.#outbox.length > 0) void this.#report()
  }

  /** As real agents do, sends reports that gather during a call with the next one. */
  async #report(): Promise<void> {
    this.#reporting = true
    while (this.#outbox.length > 0) {
      const reports = this.#outbox.splice(0, 500)
      const nodeIds = new Set(reports.map((report) => report.nodeId))
      const { deployments } = await this.options.inbox.report(nodeIds, reports)
      this.options.onRunning(deployments.filter((change) => change.to === 'running').length)
    }
    this.#reporting = false
  }
}
