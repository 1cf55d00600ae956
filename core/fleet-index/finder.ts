/** Finds the best nodes by the tree, and knows when to go around it. */
import type { PlacementRequest, Policy } from '@/core/placement/types'
import type { Places } from './domains'
import { maxFound } from './kernel'
import type { LabelSets } from './label-sets'
import type { FleetMemory } from './memory'
import type { Policies } from './policies'
import { type Found, scan } from './scan'

/**
 * `tree`: branch and bound. `sweep`: the bounds told too little apart, so that groups of nodes were gone through in a
 * row. `scan`: the plain way, for policies and requests for which the bounds do not hold.
 */
export type Way = 'tree' | 'sweep' | 'scan'

/** Every search may look into this many groups: giving up earlier saves nothing. */
const leastVisits = 48
/** After searches that were given up none is tried for a while: 1, 2, 4, … decisions, but no more than this. */
const longestRest = 64

/** The kernel takes for granted that both are asked for. */
const asksForBoth = ({ resources }: PlacementRequest): boolean => resources.cpuMillis > 0 && resources.memoryMb > 0

/** The bounds count on a score that only falls, or only rises, with each amount. */
const boundsHold = (request: PlacementRequest, { weights }: Policy): boolean =>
  request.replicas <= maxFound &&
  asksForBoth(request) &&
  [weights.resources, weights.load, weights.locality].every((weight) => weight >= 0 && weight <= 1)

interface FinderParts {
  memory: FleetMemory
  places: Places
  labelSets: LabelSets
  policies: Policies
}

export class Finder {
  readonly #parts: FinderParts
  readonly #mostVisits: number
  #rest = 0
  #nextRest = 1
  /** Of the last search. */
  way: Way = 'tree'
  /** How many groups the last search looked into before it was done or given up. */
  visits = 0

  constructor(parts: FinderParts) {
    this.#parts = parts
    this.#mostVisits = Math.max(leastVisits, parts.memory.geometry.leafGroups >> 3)
  }

  /** The best of the nodes that are not excluded, the best first: one per replica, or all when fewer can take one. */
  find(request: PlacementRequest, policy: Policy): Found[] {
    const { memory, policies, places } = this.#parts
    const { bases } = policies.of(policy)
    const table = policies.tableFor(policy, request.region)
    memory.refresh()
    if (!boundsHold(request, policy)) {
      this.way = 'scan'
      this.visits = 0
      const allowed = this.#allow(request)?.values ?? null
      return scan(memory, { request, policy, contributions: table.values, places: places.ofEntries, allowed })
    }
    const { kernel } = memory
    this.#setRequest(request)
    const { weights, packing } = policy
    kernel.setScoring(bases, table.address, table.lastFound, weights.resources, weights.load, packing ? 1 : 0)
    return this.#found(this.#search())
  }

  /** The table of label sets that meet the request's constraints; null when it has none. */
  #allow({ constraints }: PlacementRequest): FleetMemory['allowed'] | null {
    if (constraints.length === 0) return null
    const { labelSets, memory } = this.#parts
    labelSets.allow(constraints, memory.allowed)
    return memory.allowed
  }

  #setRequest(request: PlacementRequest): void {
    const { cpuMillis, memoryMb, storageGb, gpuUnits } = request.resources
    const allowed = this.#allow(request)?.address ?? 0
    const { kernel } = this.#parts.memory
    kernel.setRequest(request.replicas, cpuMillis, memoryMb, storageGb, gpuUnits, allowed)
  }

  /** How many nodes have room for a replica, and the labels that are asked for; null when this cannot tell. */
  countAble(request: PlacementRequest): number | null {
    if (!asksForBoth(request)) return null
    const { memory } = this.#parts
    memory.refresh()
    this.#setRequest(request)
    return memory.kernel.countAble()
  }

  #search(): number {
    const { kernel } = this.#parts.memory
    if (this.#rest > 0) {
      this.#rest--
      this.way = 'sweep'
      this.visits = 0
      return kernel.sweep(0)
    }
    const count = kernel.search(this.#mostVisits)
    this.visits = kernel.visited()
    if (count >= 0) {
      this.way = 'tree'
      this.#nextRest = 1
      return count
    }
    this.way = 'sweep'
    this.#rest = this.#nextRest
    this.#nextRest = Math.min(longestRest, 2 * this.#nextRest)
    return kernel.sweep(1)
  }

  #found(count: number): Found[] {
    const { foundSlots, foundScores } = this.#parts.memory
    const found: Found[] = []
    for (let at = 0; at < count; at++) found.push({ slot: foundSlots[at] ?? 0, score: foundScores[at] ?? 0 })
    return found
  }
}
