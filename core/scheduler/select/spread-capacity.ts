/** Computes how many replicas of a request fit on some nodes, without choosing nodes. */

import type { Spread } from '@/core/placement/preferences'
import type { FleetNode, PlacementRequest } from '@/core/placement/types'
import { capacityOn, offersPlace } from '@/core/scheduler/filters/filters'
import { placeOf } from '@/core/scheduler/filters/topology'

/** Returns the spread with a `maxSkew`, or null. A request has at most one. */
export const limitOf = ({ placementRules }: PlacementRequest): (Spread & { maxSkew: number }) | null =>
  placementRules?.spread.find((spread): spread is Spread & { maxSkew: number } => spread.maxSkew !== null) ?? null

interface DomainCapacity {
  own: number
  capacity: number
  /** Whether the topology domain counts for the minimum. */
  open: boolean
}

/** Capacity by topology domain, so that a changed node can be tried without a pass over all nodes. */
export class SpreadCapacity {
  readonly #places = new Map<string, DomainCapacity>()
  readonly #request: PlacementRequest
  readonly #limit: Spread & { maxSkew: number }

  constructor(request: PlacementRequest, limit: Spread & { maxSkew: number }, nodes: readonly FleetNode[]) {
    this.#request = request
    this.#limit = limit
    for (const node of nodes) {
      const name = placeOf(node, limit.across)
      if (name === null) continue
      const place = this.#places.get(name) ?? { own: 0, capacity: 0, open: false }
      this.#places.set(name, place)
      place.own += node.ownReplicas
      place.capacity += capacityOn(request, node)
      place.open ||= offersPlace(request, node)
    }
  }

  /**
   * Returns how many replicas fit. The emptiest domain can always be filled until it is full, so the final minimum is
   * that of the domain that holds least when full; every other domain takes up to `maxSkew` more than that minimum.
   */
  total(): number {
    let least = Number.POSITIVE_INFINITY
    for (const { own, capacity, open } of this.#places.values()) if (open) least = Math.min(least, own + capacity)
    if (!Number.isFinite(least)) return 0
    let total = 0
    for (const { own, capacity } of this.#places.values())
      total += Math.min(capacity, Math.max(0, least + this.#limit.maxSkew - own))
    return total
  }

  /** Returns the total if `node`, which has no capacity now, were as given. */
  totalWith(node: FleetNode): number {
    const name = placeOf(node, this.#limit.across)
    const place = name === null ? undefined : this.#places.get(name)
    if (name === null || !place) return this.total()
    const changed = { ...place, capacity: place.capacity + capacityOn(this.#request, node), open: true }
    this.#places.set(name, changed)
    const total = this.total()
    this.#places.set(name, place)
    return total
  }
}

export function capacityFor(request: PlacementRequest, nodes: readonly FleetNode[]): number {
  const limit = limitOf(request)
  if (limit) return new SpreadCapacity(request, limit, nodes).total()
  let capacity = 0
  for (const node of nodes) capacity += capacityOn(request, node)
  return capacity
}
