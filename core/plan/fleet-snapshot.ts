import { FleetIndex } from '@/core/fleet-index'
import {
  afterHandover,
  type EarlierPlacement,
  fleetSeenFrom,
  type JournalNode,
  type JournalState,
  type Taken,
} from '@/core/journal'
import type { RecordedPort, TakenPort } from '@/core/placement/host-ports'
import { type Resources, subtractResources } from '@/core/placement/resources'
import type { ChosenNode, Fleet, FleetNode, Handover, PlacementRequest, Policy } from '@/core/placement/types'
import type { Located } from '@/core/scheduler/filters/topology'
import type { Choice as CoreChoice } from '@/core/scheduler/select/candidates'
import { choose } from '@/core/scheduler/select/choose'
import type { ScanStats } from '@/core/scheduler/summary'
import type { NewReplica } from './types'

/** Number of replicas that the deployment keeps on each node, by node UUID. */
export type OwnReplicas = ReadonlyMap<string, number>

export interface Choice {
  /** One entry per requested replica, or empty when not all fit. */
  chosen: ChosenNode[]
  /** How many replicas fit; exact only if fewer than requested. */
  found: number
  stats: ScanStats
}

/**
 * The fleet while a batch is decided. Replicas placed earlier in the batch count as reserved and as load for later
 * decisions; replay rebuilds exactly this view from the journal.
 */
export interface WorkingFleet {
  readonly at: Date
  decide(request: PlacementRequest, policy: Policy, own: OwnReplicas): Choice
  /** The fleet as the next decision sees it. Resources and ports of a handover count as free. */
  seen(own: OwnReplicas, handover?: Handover): Fleet
  /** Returns a node by its UUID; null when the fleet has no such node. */
  node(id: string): Located | null
  /** Reserves `takes` for each of the new replicas. */
  place(replicas: NewReplica[], takes: Taken): void
  /** Frees what a replica held on its node. */
  release(nodeId: string, held: Held): void
}

/** What a replica holds on its node. */
export interface Held {
  resources: Resources
  hostPorts: readonly number[]
}

/** Returns the node without the replica. A `busy` node was full and becomes `active`. */
const without = <Node extends Pick<FleetNode, 'reserved' | 'status'> & { takenPorts?: { port: number }[] }>(
  node: Node,
  { resources, hostPorts }: Held,
): Node => ({
  ...node,
  reserved: subtractResources(node.reserved, resources),
  status: node.status === 'busy' ? 'active' : node.status,
  ...(node.takenPorts && { takenPorts: node.takenPorts.filter(({ port }) => !hostPorts.includes(port)) }),
})

function choiceOf(choice: CoreChoice): Choice {
  const best = choice.first(3).map(({ node, score }) => ({ nodeId: node.nodeId, score }))
  return { chosen: choice.chosen, found: choice.found, stats: { feasible: choice.feasible, best } }
}

/** Scans every node for each decision; for small fleets. */
export class PlainWorkingFleet implements WorkingFleet {
  readonly #earlier: EarlierPlacement[] = []

  #state: JournalState

  constructor(
    state: JournalState,
    readonly at: Date,
  ) {
    this.#state = state
  }

  decide(request: PlacementRequest, policy: Policy, own: OwnReplicas): Choice {
    return choiceOf(choose(request, this.seen(own, request.handover), policy))
  }

  seen(own: OwnReplicas, handover: Handover | null = null): Fleet {
    return fleetSeenFrom(this.#state, { atMs: this.at.getTime(), earlier: this.#earlier, own, handover })
  }

  node(id: string): Located | null {
    return this.#state.nodes.find((node) => node?.id === id) ?? null
  }

  place(replicas: NewReplica[], takes: Taken): void {
    if (replicas.length > 0) this.#earlier.push({ nodeIds: replicas.map((replica) => replica.nodeId), ...takes })
  }

  release(nodeId: string, held: Held): void {
    const nodes = this.#state.nodes.map((node) => (node?.id === nodeId ? without(node, held) : node))
    this.#state = { ...this.#state, nodes }
  }
}

/** Decides on the fleet index; for large fleets. */
export class IndexedWorkingFleet implements WorkingFleet {
  /** UUIDs of the nodes whose entries in the index changed since they were read from the database. */
  readonly touched = new Set<string>()
  /** All nodes as plain objects, built once for decisions that scan the whole fleet and kept up to date. */
  #plain: { fleet: Fleet; places: ReadonlyMap<string, number> } | null = null

  constructor(
    private readonly index: FleetIndex,
    readonly at: Date,
  ) {}

  decide(request: PlacementRequest, policy: Policy, own: OwnReplicas): Choice {
    // The bounds of the index do not cover preferences and handovers, so these requests scan every node.
    if (request.placementRules || request.handover)
      return choiceOf(choose(request, this.seen(own, request.handover), policy))
    const { chosen, found } = this.index.decide(request, policy, own)
    const feasible = this.index.countAble(request, own)
    const asked = Math.min(3, feasible)
    const best =
      chosen.length >= asked
        ? chosen.slice(0, 3)
        : this.index.decide({ ...request, replicas: asked }, policy, own).chosen
    return { chosen, found, stats: { feasible, best } }
  }

  seen(own: OwnReplicas, handover: Handover | null = null): Fleet {
    this.#plain ??= this.#read()
    const { fleet, places } = this.#plain
    const nodes = [...fleet.nodes]
    const leaving = handover ? places.get(handover.nodeId) : undefined
    const left = leaving === undefined ? undefined : nodes[leaving]
    if (handover && leaving !== undefined && left) nodes[leaving] = afterHandover(left, handover)
    for (const [id, ownReplicas] of own) {
      const at = places.get(id)
      const node = at === undefined ? undefined : nodes[at]
      if (at !== undefined && node) nodes[at] = { ...node, ownReplicas }
    }
    return { nodes, latencies: fleet.latencies }
  }

  #read(): { fleet: Fleet; places: ReadonlyMap<string, number> } {
    const fleet = this.index.fleet()
    return { fleet, places: new Map(fleet.nodes.map(({ id }, at) => [id, at])) }
  }

  node(id: string): Located | null {
    return this.index.node(id)
  }

  place(replicas: NewReplica[], { resources, hostPorts, holder }: Taken): void {
    const ports = hostPorts.map((port) => ({ port, holder, seenAgeMs: null }))
    for (const { nodeId } of replicas) {
      this.index.reserve(nodeId, resources, ports)
      this.#touch(nodeId)
    }
  }

  release(nodeId: string, held: Held): void {
    const node = this.index.node(nodeId)
    if (!node) return
    this.index.put(without(node, held))
    this.#touch(nodeId)
  }

  #touch(nodeId: string): void {
    this.touched.add(nodeId)
    const at = this.#plain?.places.get(nodeId)
    const node = this.index.node(nodeId)
    if (this.#plain && at !== undefined && node) this.#plain.fleet.nodes[at] = node
  }
}

/** Number of nodes from which the index is used; on smaller fleets a scan is as fast. */
export const usualIndexFrom = 500

/** Converts a recorded node for the index, without ages and own replicas: those depend on the request. */
export const asFleetNode = ({ lastHeartbeatMs: _, takenPorts, ...node }: JournalNode): FleetNode => ({
  ...node,
  ...(takenPorts && { takenPorts: takenPorts.map(withoutAge) }),
  heartbeatAgeMs: null,
  ownReplicas: 0,
})

const withoutAge = ({ port, holder }: RecordedPort): TakenPort => ({ port, holder, seenAgeMs: null })

export const indexOf = ({ nodes, latencies }: JournalState): FleetIndex =>
  new FleetIndex({ nodes: nodes.filter((node) => node !== null).map(asFleetNode), latencies })

/** Returns a working fleet for one batch: plain below `indexFrom` nodes, else on an index. */
export const workingFleetOf = (state: JournalState, at: Date, indexFrom = usualIndexFrom): WorkingFleet =>
  state.nodes.length < indexFrom ? new PlainWorkingFleet(state, at) : new IndexedWorkingFleet(indexOf(state), at)

/** Counts the replicas of a deployment that stay, by node UUID. */
export function ownReplicas(
  attempts: readonly { id: string; nodeId: string; reserved: boolean; wanted: 'run' | 'stop' }[],
  stopping: readonly string[],
): OwnReplicas {
  const own = new Map<string, number>()
  for (const attempt of attempts)
    if (attempt.reserved && attempt.wanted === 'run' && !stopping.includes(attempt.id))
      own.set(attempt.nodeId, (own.get(attempt.nodeId) ?? 0) + 1)
  return own
}
