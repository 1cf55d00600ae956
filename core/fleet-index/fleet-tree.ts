/** Some nodes, laid out in columns and summed up in a tree. Which nodes these are is settled when it is made. */
import type { TakenPort } from '@/core/placement/host-ports'
import type { Resources } from '@/core/placement/resources'
import type { FleetNode, PlacementRequest, Policy } from '@/core/placement/types'
import { addReservation, addUnseen, readNode, type Usage, writeNode, writeUsage } from './columns'
import { Places } from './domains'
import { Finder, type Way } from './finder'
import { geometryFor } from './geometry'
import { LabelSets } from './label-sets'
import { layOut } from './layout'
import { FleetMemory } from './memory'
import { type Locality, Policies } from './policies'
import type { Found } from './scan'
import { withPorts } from './taken-ports'

const samePlace = (a: FleetNode, b: FleetNode): boolean =>
  a.nodeId === b.nodeId && a.region === b.region && a.latitude === b.latitude && a.longitude === b.longitude

export class FleetTree {
  /** By slot. What changes often is in the columns only; taken host ports are here. */
  readonly #nodes: FleetNode[]
  readonly #memory: FleetMemory
  readonly #labelSets: LabelSets
  readonly #policies: Policies
  readonly #finder: Finder

  constructor(fleet: readonly FleetNode[], localityFor: (region: string | null) => Locality) {
    const { nodes, ranks } = layOut(fleet)
    const geometry = geometryFor(nodes.length)
    const places = new Places(nodes, geometry)
    const labelSets = new LabelSets(nodes)
    const memory = new FleetMemory(geometry, { places: places.count, labelSets: labelSets.capacity })
    for (const [slot, node] of nodes.entries()) writeNode(memory.columns, slot, node)
    memory.setPlaces(places.ofEntries)
    memory.ranks.set(ranks)
    memory.labelSets.set(labelSets.ofNodes)
    this.#nodes = nodes
    this.#memory = memory
    this.#labelSets = labelSets
    this.#policies = new Policies(memory, places, localityFor)
    this.#finder = new Finder({ memory, places, labelSets, policies: this.#policies })
  }

  /** By slot; as they were put in. */
  get nodes(): readonly FleetNode[] {
    return this.#nodes
  }

  get lastWay(): Way {
    return this.#finder.way
  }

  get lastVisits(): number {
    return this.#finder.visits
  }

  /** As it was put in. */
  named(slot: number): FleetNode {
    const node = this.#nodes[slot]
    if (!node) throw new RangeError(`there is no slot ${slot}`)
    return node
  }

  /** As it is now. */
  node(slot: number): FleetNode {
    return readNode(this.#memory.columns, slot, this.named(slot))
  }

  /** Puts a newer version of a node in its slot; false when that is no place for it any more. */
  replace(slot: number, node: FleetNode): boolean {
    const labelSet = this.#labelSets.setOf(node)
    if (!samePlace(node, this.named(slot)) || labelSet === null) return false
    this.#nodes[slot] = node
    writeNode(this.#memory.columns, slot, node)
    this.#memory.labelSets[slot] = labelSet
    this.#memory.markWhole(slot)
    return true
  }

  /** Nothing is placed in this slot any more. */
  shut(slot: number): void {
    this.#memory.columns.gate[slot] = Number.NEGATIVE_INFINITY
    this.#memory.markWhole(slot)
  }

  /** Takes more host ports of the node. */
  takePorts(slot: number, ports: readonly TakenPort[]): void {
    this.#nodes[slot] = withPorts(this.named(slot), ports)
  }

  reserve(slot: number, resources: Resources): void {
    addReservation(this.#memory.columns, slot, { resources, sign: 1 })
    addUnseen(this.#memory.columns, slot, { resources, sign: 1 })
    this.#memory.mark(slot)
  }

  release(slot: number, resources: Resources, { unseen }: { unseen: boolean }): void {
    addReservation(this.#memory.columns, slot, { resources, sign: -1 })
    if (unseen) addUnseen(this.#memory.columns, slot, { resources, sign: -1 })
    this.#memory.mark(slot)
  }

  /** Costs little more than writing the numbers: the tree learns of it with the next decision. */
  heartbeat(slot: number, usage: Usage): void {
    writeUsage(this.#memory.columns, slot, usage)
    this.#memory.mark(slot)
  }

  /** The best nodes that take a replica, but for those in `without`; see Finder.find. */
  find(request: PlacementRequest, policy: Policy, without: readonly number[]): Found[] {
    const { excluded } = this.#memory
    for (const slot of without) excluded[slot] = 1
    const found = this.#finder.find(request, policy)
    for (const slot of without) excluded[slot] = 0
    return found
  }

  /** How many nodes can take a replica; null when only the rules themselves can tell. */
  countAble(request: PlacementRequest): number | null {
    return this.#finder.countAble(request)
  }

  localityFor(policy: Policy, region: string | null): Locality {
    return this.#policies.tableFor(policy, region).locality
  }

  /** After nodes came, went or moved, or latencies changed. */
  forgetLocalities(): void {
    this.#policies.forgetLocalities()
  }

  /** Brings the tree up to date now; a decision does it by itself. */
  refresh(): void {
    this.#memory.refresh()
  }
}
