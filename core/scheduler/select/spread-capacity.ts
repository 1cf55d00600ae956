/** How many replicas of a request fit on some nodes, without asking which nodes are best. */

import type { Spread } from '@/core/placement/preferences'
import type { FleetNode, PlacementRequest } from '@/core/placement/types'
import { capacityOn, offersPlace } from '@/core/scheduler/filters/filters'
import { placeOf } from '@/core/scheduler/filters/topology'

/** The spread that limits how far places may be apart; a request has at most one. */
export const limitOf = ({ wishes }: PlacementRequest): (Spread & { maxSkew: number }) | null =>
  wishes?.spread.find((spread): spread is Spread & { maxSkew: number } => spread.maxSkew !== null) ?? null

interface PlaceRoom {
  own: number
  room: number
  /** Whether it counts as one over which replicas are spread. */
  open: boolean
}

/** Room by place, for trying out a changed node without going through all of them again. */
export class SpreadCapacity {
  readonly #places = new Map<string, PlaceRoom>()
  readonly #request: PlacementRequest
  readonly #limit: Spread & { maxSkew: number }

  constructor(request: PlacementRequest, limit: Spread & { maxSkew: number }, nodes: readonly FleetNode[]) {
    this.#request = request
    this.#limit = limit
    for (const node of nodes) {
      const name = placeOf(node, limit.across)
      if (name === null) continue
      const place = this.#places.get(name) ?? { own: 0, room: 0, open: false }
      this.#places.set(name, place)
      place.own += node.ownReplicas
      place.room += capacityOn(request, node)
      place.open ||= offersPlace(request, node)
    }
  }

  /**
   * All that fits: the emptiest place can always be filled until it is full, so that in the end the emptiest is the one
   * that holds least when full, and each other place holds what it can up to `maxSkew` more.
   */
  total(): number {
    let least = Number.POSITIVE_INFINITY
    for (const { own, room, open } of this.#places.values()) if (open) least = Math.min(least, own + room)
    if (!Number.isFinite(least)) return 0
    let total = 0
    for (const { own, room } of this.#places.values())
      total += Math.min(room, Math.max(0, least + this.#limit.maxSkew - own))
    return total
  }

  /** The same if the node, which has no room now, were as it is given. */
  totalWith(node: FleetNode): number {
    const name = placeOf(node, this.#limit.across)
    const place = name === null ? undefined : this.#places.get(name)
    if (name === null || !place) return this.total()
    const changed = { ...place, room: place.room + capacityOn(this.#request, node), open: true }
    this.#places.set(name, changed)
    const total = this.total()
    this.#places.set(name, place)
    return total
  }
}

export function capacityFor(request: PlacementRequest, nodes: readonly FleetNode[]): number {
  const limit = limitOf(request)
  if (limit) return new SpreadCapacity(request, limit, nodes).total()
  let room = 0
  for (const node of nodes) room += capacityOn(request, node)
  return room
}
