/**
 * The fleet in memory, made for deciding fast: it chooses exactly what `choose` chooses (which stays the truth, and
 * explains), in microseconds whatever the size of the fleet. It reads no clock and no database: whoever keeps it tells
 * it of every change. docs/decisions/0005-fleet-index.md says how it works and why.
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
  /** As many as replicas were asked for, or none. */
  chosen: ChosenNode[]
  /** How many replicas fit, counted up to the number asked for. */
  found: number
}

/** How the last decision came about. */
export interface Trace {
  way: Way
  /** Groups of eight nodes, or of eight groups, that the search looked into. */
  visits: number
}

/** By id of a node: how many replicas of the requested deployment it holds. */
export type OwnReplicas = ReadonlyMap<string, number>
const noReplicas: OwnReplicas = new Map()

/** Nodes that came after the tree was built cost each decision a little; with more than this it is built anew. */
const mostLate = (slots: number): number => Math.max(16, slots >> 8)

export class FleetIndex {
  #tree: FleetTree
  readonly #slots = new Map<string, number>()
  /** Nodes that are not in the tree, by id. */
  readonly #late = new Map<string, FleetNode>()
  readonly #ports = new TakenPorts()
  #latencies: readonly MeasuredLatency[]

  /** `ownReplicas` of the nodes is not looked at: it belongs to a request. */
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
    // Few localities depend on where other nodes are: only for those are the nodes gathered.
    return localityFor(region, {
      latencies: [...this.#latencies],
      get nodes() {
        return nodes()
      },
    })
  }

  /** All nodes, as they were put in. */
  #named(): FleetNode[] {
    return [...Array.from(this.#slots.values(), (slot) => this.#tree.named(slot)), ...this.#late.values()]
  }

  get size(): number {
    return this.#slots.size + this.#late.size
  }

  get lastTrace(): Trace {
    return { way: this.#tree.lastWay, visits: this.#tree.lastVisits }
  }

  /** The fleet as the index knows it now. */
  fleet(): Fleet {
    const nodes = [...Array.from(this.#slots.values(), (slot) => this.#tree.node(slot)), ...this.#late.values()]
    return { nodes, latencies: [...this.#latencies] }
  }

  node(id: string): FleetNode | null {
    const slot = this.#slots.get(id)
    return slot === undefined ? (this.#late.get(id) ?? null) : this.#tree.node(slot)
  }

  /** Takes a node as it is now, whether it is known or new. */
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

  /** Counts a replica that was placed: its reservation, with its host ports, and its load until a heartbeat has seen it. */
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

  /** The reservation of a replica ends; `unseen` when it still counts as load that no heartbeat has seen. */
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

  /** What `choose` chooses for the same request, fleet and policy; all replicas or none. */
  decide(request: PlacementRequest, policy: Policy, own: OwnReplicas = noReplicas): Answer {
    const { replicas, maxPerNode } = request
    if (!Number.isInteger(replicas) || replicas < 1) {
      throw new RangeError(`a placement is for 1 or more replicas, not ${replicas}`)
    }
    if (request.wishes) {
      const choice = this.look(request, policy, own)
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
   * The plain core on all nodes: for requests with wishes, of which the bounds of the tree know nothing, and for whoever
   * wants to see more than the choice. It takes a pass over the fleet.
   */
  look(request: PlacementRequest, policy: Policy, own: OwnReplicas = noReplicas): Choice {
    const { nodes, latencies } = this.fleet()
    const seen = nodes.map((node) => {
      const ownReplicas = own.get(node.id) ?? 0
      return node.ownReplicas === ownReplicas ? node : { ...node, ownReplicas }
    })
    return choose(request, { nodes: seen, latencies }, policy)
  }

  /** How many nodes meet every rule; avoided ones among them. It takes a pass over the tree, so a few microseconds. */
  countAble(request: PlacementRequest, own: OwnReplicas = noReplicas): number {
    const isAble = (node: FleetNode): boolean => meetsAll(request, { ...node, ownReplicas: own.get(node.id) ?? 0 })
    const inTree = request.wishes ? null : this.#tree.countAble(request)
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

  /** Builds the tree anew when too much of the fleet is beside it, or too much of it is empty. */
  #tidy(): void {
    const slots = this.#tree.nodes.length
    if (this.#late.size > mostLate(slots) || 2 * this.#slots.size + 64 < slots)
      this.#tree = this.#treeOf(this.fleet().nodes)
  }

  /**
   * Slots of nodes that are full of the deployment's replicas, hold a host port that is asked for, or are to be avoided
   * while others can take them.
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
   * Leaves the choice to the core, among the few nodes that can matter: a node that is not among the best R, one per
   * replica, gets none of them; with fewer than R found these are all there are, and the avoided ones are needed too.
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
