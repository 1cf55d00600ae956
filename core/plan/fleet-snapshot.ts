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

/** By node (UUID): replicas that the deployment keeps there. */
export type OwnReplicas = ReadonlyMap<string, number>

export interface Choice {
  /** As many as replicas were asked for, or none. */
  chosen: ChosenNode[]
  /** How many replicas fit; exact when it is less than was asked for. */
  found: number
  stats: ScanStats
}

/**
 * The fleet while a batch is decided: what was placed earlier in the batch counts as reserved and as load for what comes
 * after it, exactly as it is rebuilt later from the journal.
 */
export interface WorkingFleet {
  readonly at: Date
  decide(request: PlacementRequest, policy: Policy, own: OwnReplicas): Choice
  /** The fleet as the next decision sees it; with a handover as if what is handed over were free. */
  seen(own: OwnReplicas, handover?: Handover): Fleet
  /** A node by its UUID. */
  node(id: string): Located | null
  /** Counts replicas that are placed now. */
  place(replicas: NewReplica[], takes: Taken): void
  /** A replica gives back what it held. */
  release(nodeId: string, held: Held): void
}

/** What a replica holds on its node. */
export interface Held {
  resources: Resources
  hostPorts: readonly number[]
}

/** The node once the replica is gone; full nodes are busy, and this one is full no more. */
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

/** For fleets of a size at which looking at every node costs next to nothing. */
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

/** For large fleets: the index decides. */
export class IndexedWorkingFleet implements WorkingFleet {
  /** Nodes of which the index knows more than was read. */
  readonly touched = new Set<string>()
  /** All nodes as they stand, once somebody has to look at all of them: reading them anew for each takes longer. */
  #plain: { fleet: Fleet; places: ReadonlyMap<string, number> } | null = null

  constructor(
    private readonly index: FleetIndex,
    readonly at: Date,
  ) {}

  decide(request: PlacementRequest, policy: Policy, own: OwnReplicas): Choice {
    // Of wishes and handovers the bounds of the index know nothing: every node is looked at.
    if (request.wishes || request.handover) return choiceOf(choose(request, this.seen(own, request.handover), policy))
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

/** From this many nodes on the index decides; below, looking at every node is as quick. */
export const usualIndexFrom = 500

/** As the index takes it: ages and the deployment's own replicas belong to a request. */
export const asFleetNode = ({ lastHeartbeatMs: _, takenPorts, ...node }: JournalNode): FleetNode => ({
  ...node,
  ...(takenPorts && { takenPorts: takenPorts.map(withoutAge) }),
  heartbeatAgeMs: null,
  ownReplicas: 0,
})

const withoutAge = ({ port, holder }: RecordedPort): TakenPort => ({ port, holder, seenAgeMs: null })

export const indexOf = ({ nodes, latencies }: JournalState): FleetIndex =>
  new FleetIndex({ nodes: nodes.filter((node) => node !== null).map(asFleetNode), latencies })

/** A fleet for deciding once, as its size wants it. */
export const workingFleetOf = (state: JournalState, at: Date, indexFrom = usualIndexFrom): WorkingFleet =>
  state.nodes.length < indexFrom ? new PlainWorkingFleet(state, at) : new IndexedWorkingFleet(indexOf(state), at)

/** Replicas of a deployment that keep their nodes, by node (UUID). */
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
