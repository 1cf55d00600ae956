/**
 * An in-memory index of the fleet for fast decisions: it chooses exactly the same nodes as `choose`, which remains the
 * reference, within microseconds for any size of fleet. The index reads no clock and no database; its owner reports
 * every change. docs/decisions/0005-fleet-index.md explains the design.
 */
import type { TakenPort } from '@/core/placement/host-ports'
import type { Resources } from '@/core/placement/resources'
import type { ChosenNode, Fleet, FleetNode, MeasuredLatency, PlacementRequest, Policy } from '@/core/placement/types'
import { meetsAll } from '@/core/scheduler/filters/filters'
import { localityFor } from '@/core/scheduler/scoring/locality'
import type { Choice } from '@/core/scheduler/select/candidates'
import { choose, chooseAmong } from '@/core/scheduler/select/choose'
import { type Usage, withPromise } from './columns'
import type { Way } from './finder'
import { FleetTree } from './fleet-tree'
import type { Locality } from './policies'
import type { Found } from './scan'
import { TakenPorts, withPorts } from './taken-ports'

export interface Answer {
  /** One entry per requested replica, or empty when not all fit. */
  chosen: ChosenNode[]
  /** How many replicas fit, at most the requested number. */
  found: number
}

/** How the last decision was made. */
export interface Trace {
  way: Way
  /** Groups of eight nodes, or of eight groups, that the search looked into. */
  visits: number
}

/** By id of a node: how many replicas of the requested deployment it holds. */
export type OwnReplicas = ReadonlyMap<string, number>
const noReplicas: OwnReplicas = new Map()

/** Nodes added after the tree was built cost each decision a little; with more than this the tree is rebuilt. */
const mostLate = (slots: number): number => Math.max(16, slots >> 8)

export class FleetIndex {
  #tree: FleetTree
  readonly #slots = new Map<string, number>()
  /** Nodes that are not in the tree, by id. */
  readonly #late = new Map<string, FleetNode>()
  readonly #ports = new TakenPorts()
  #latencies: readonly MeasuredLatency[]

  /** Ignores `ownReplicas` of the nodes, because that depends on the request. */
  constructor({ nodes, latencies }: Fleet) {
    this.#latencies = latencies
    this.#tree = this.#treeOf(nodes)
    for (const node of nodes) this.#ports.put(node)
  }

  #treeOf(nodes: readonly FleetNode[]): FleetTree {
    const tree = new FleetTree(nodes, (region) => this.#localityFor(region))
    this.#slots.clear()
    this.#late.clear()
    for (const [slot, { id }] of tree.nodes.entries()) this.#slots.set(id, slot)
    return tree
  }

  #localityFor(region: string | null): Locality {
    const nodes = () => this.#named()
    // Few localities depend on other nodes' coordinates, so the nodes are collected only on demand.
    return localityFor(region, {
      latencies: [...this.#latencies],
      get nodes() {
        return nodes()
      },
    })
  }

  /** Returns all nodes as they were put in. */
  #named(): FleetNode[] {
    return [...Array.from(this.#slots.values(), (slot) => this.#tree.named(slot)), ...this.#late.values()]
  }

  get size(): number {
    return this.#slots.size + this.#late.size
  }

  get lastTrace(): Trace {
    return { way: this.#tree.lastWay, visits: this.#tree.lastVisits }
  }

  /** Returns the present state of the fleet. */
  fleet(): Fleet {
    const nodes = [...Array.from(this.#slots.values(), (slot) => this.#tree.node(slot)), ...this.#late.values()]
    return { nodes, latencies: [...this.#latencies] }
  }

  node(id: string): FleetNode | null {
    const slot = this.#slots.get(id)
    return slot === undefined ? (this.#late.get(id) ?? null) : this.#tree.node(slot)
  }

  /** Adds or replaces a node. */
  put(node: FleetNode): void {
    const slot = this.#slots.get(node.id)
    const before = slot === undefined ? null : this.#tree.named(slot)
    if (slot !== undefined && before && this.#tree.replace(slot, node)) {
      this.#ports.remove(before)
      this.#ports.put(node)
      return
    }
    this.remove(node.id)
    this.#late.set(node.id, node)
    this.#ports.put(node)
    this.#tree.forgetLocalities()
  }

  remove(id: string): void {
    const slot = this.#slots.get(id)
    const known = slot === undefined ? this.#late.get(id) : this.#tree.named(slot)
    if (known) this.#ports.remove(known)
    if (slot !== undefined) this.#tree.shut(slot)
    if (this.#slots.delete(id) || this.#late.delete(id)) this.#tree.forgetLocalities()
  }

  setLatencies(latencies: readonly MeasuredLatency[]): void {
    this.#latencies = latencies
    this.#tree.forgetLocalities()
  }

  /** Counts a new replica: its reservation, its host ports, and its load until a heartbeat includes that. */
  reserve(id: string, resources: Resources, ports: readonly TakenPort[] = []): void {
    const slot = this.#slots.get(id)
    if (slot !== undefined) this.#tree.reserve(slot, resources)
    else this.#change(id, (node) => withPromise(node, { resources, sign: 1, unseen: true }))
    if (ports.length > 0) this.#takePorts(id, ports)
  }

  #takePorts(id: string, ports: readonly TakenPort[]): void {
    const slot = this.#slots.get(id)
    const node = slot === undefined ? this.#late.get(id) : this.#tree.named(slot)
    if (!node) return
    const known = node.takenPorts ?? []
    const more = ports.filter(({ port }) => known.every((one) => one.port !== port))
    this.#ports.add(node, more)
    if (slot !== undefined) this.#tree.takePorts(slot, more)
    else this.#change(id, (late) => withPorts(late, more))
  }

  /** Releases the reservation of a replica. `unseen`: no heartbeat includes its load yet. */
  release(id: string, resources: Resources, { unseen }: { unseen: boolean }): void {
    const slot = this.#slots.get(id)
    if (slot !== undefined) this.#tree.release(slot, resources, { unseen })
    else this.#change(id, (node) => withPromise(node, { resources, sign: -1, unseen }))
  }

  heartbeat(id: string, usage: Usage): void {
    const slot = this.#slots.get(id)
    if (slot !== undefined) this.#tree.heartbeat(slot, usage)
    else this.#change(id, (node) => ({ ...node, ...usage }))
  }

  #change(id: string, change: (node: FleetNode) => FleetNode): void {
    const node = this.#late.get(id)
    if (!node) throw new RangeError(`the index does not know node ${id}`)
    this.#late.set(id, change(node))
  }

  /** Returns what `choose` chooses for the same request, fleet and policy; all replicas or none. */
  decide(request: PlacementRequest, policy: Policy, own: OwnReplicas = noReplicas): Answer {
    const { replicas, maxPerNode } = request
    if (!Number.isInteger(replicas) || replicas < 1) {
      throw new RangeError(`a placement is for 1 or more replicas, not ${replicas}`)
    }
    if (request.placementRules) {
      const choice = this.search(request, policy, own)
      return { chosen: choice.chosen, found: Math.min(choice.found, replicas) }
    }
    this.#tidy()
    const found = this.#tree.find(request, policy, this.#without(request, own))
    if (found.length < replicas || maxPerNode > 1 || this.#late.size > 0) {
      return this.#chooseAmong(found, { request, policy, own })
    }
    const chosen = found.map(({ slot, score }): ChosenNode => {
      const { id, nodeId } = this.#tree.named(slot)
      return { id, nodeId, score }
    })
    return { chosen, found: replicas }
  }

  /**
   * Runs the scheduler core on all nodes: for requests with preferences, which the bounds of the tree do not cover, and
   * for callers that need the candidates. Takes a pass over the fleet.
   */
  search(request: PlacementRequest, policy: Policy, own: OwnReplicas = noReplicas): Choice {
    const { nodes, latencies } = this.fleet()
    const seen = nodes.map((node) => {
      const ownReplicas = own.get(node.id) ?? 0
      return node.ownReplicas === ownReplicas ? node : { ...node, ownReplicas }
    })
    return choose(request, { nodes: seen, latencies }, policy)
  }

  /** Returns how many nodes meet every rule, including avoided ones. Takes a pass over the tree, a few microseconds. */
  countAble(request: PlacementRequest, own: OwnReplicas = noReplicas): number {
    const isAble = (node: FleetNode): boolean => meetsAll(request, { ...node, ownReplicas: own.get(node.id) ?? 0 })
    const inTree = request.placementRules ? null : this.#tree.countAble(request)
    if (inTree === null) return this.fleet().nodes.filter(isAble).length
    let count = inTree
    const full = [...own].flatMap(([id, replicas]) => (replicas >= request.maxPerNode ? id : []))
    // Counted as if they had none of the deployment's replicas, and every host port.
    const { hostPorts: _, ...counted } = request
    for (const id of new Set([...full, ...this.#ports.on(request.hostPorts)])) {
      const slot = this.#slots.get(id)
      if (slot !== undefined && meetsAll(counted, { ...this.#tree.node(slot), ownReplicas: 0 })) count--
    }
    for (const node of this.#late.values()) if (isAble(node)) count++
    return count
  }

  /** Rebuilds the tree when too many nodes are outside it, or too many of its slots are empty. */
  #tidy(): void {
    const slots = this.#tree.nodes.length
    if (this.#late.size > mostLate(slots) || 2 * this.#slots.size + 64 < slots)
      this.#tree = this.#treeOf(this.fleet().nodes)
  }

  /**
   * Returns the slots of nodes to exclude: those at the deployment's limit per node, those that hold a requested host
   * port, and those to be avoided.
   */
  #without({ avoidNodeIds, maxPerNode, hostPorts }: PlacementRequest, own: OwnReplicas): number[] {
    const slots: number[] = []
    const add = (id: string): void => {
      const slot = this.#slots.get(id)
      if (slot !== undefined) slots.push(slot)
    }
    for (const id of avoidNodeIds) add(id)
    for (const [id, count] of own) if (count >= maxPerNode) add(id)
    for (const id of this.#ports.on(hostPorts)) add(id)
    return slots
  }

  /**
   * Lets the core choose among the few nodes that can win. With R replicas, a node that is not among the best R gets
   * none of them. If fewer than R nodes were found, these are all feasible nodes, and avoided ones are needed, too.
   */
  #chooseAmong(found: readonly Found[], { request, policy, own }: Situation): Answer {
    const slots = new Set(found.map(({ slot }) => slot))
    for (const id of request.avoidNodeIds) {
      const slot = this.#slots.get(id)
      if (slot !== undefined) slots.add(slot)
    }
    const nodes = [...Array.from(slots, (slot) => this.#tree.node(slot)), ...this.#late.values()].map((node) => ({
      ...node,
      ownReplicas: own.get(node.id) ?? 0,
    }))
    const locality = this.#tree.localityFor(policy, request.region)
    const choice = chooseAmong({ request, policy, locality, spreading: null }, nodes)
    return { chosen: choice.chosen, found: Math.min(choice.found, request.replicas) }
  }
}

interface Situation {
  request: PlacementRequest
  policy: Policy
  own: OwnReplicas
}
