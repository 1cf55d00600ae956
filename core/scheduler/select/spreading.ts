/**
 * How many replicas of the deployment each place holds while more are being placed: what spreads them.
 *
 *   skew(place)  = replicas in the place − replicas in the emptiest place
 *   value(place) = 1 / (1 + skew(place))            the wish to spread: 1 in the emptiest place, a half one above it, …
 *   skew(place) + 1 ≤ max_skew                      the rule, for the place of the replica that comes next
 *
 * The rule is that of Kubernetes' topology spread constraints (skew against the global minimum). A place counts when it
 * has a node that is in service and has the labels that are asked for, whether or not there is room: a region that went
 * dark does not hold up the others, a region that is full does.
 */

import { placeText, type Spread } from '@/core/placement/preferences'
import type { FleetNode, PlacementRequest, RuleResult } from '@/core/placement/types'
import { offersPlace } from '@/core/scheduler/filters/filters'
import { placeOf } from '@/core/scheduler/filters/topology'

/** The replicas of the deployment over the places of one spread. */
class Counts {
  readonly #counts = new Map<string, number>()
  readonly #open = new Set<string>()
  #least = 0

  constructor(
    readonly spread: Spread,
    request: PlacementRequest,
    nodes: readonly FleetNode[],
  ) {
    for (const node of nodes) {
      const place = placeOf(node, spread.across)
      if (place === null) continue
      if (node.ownReplicas > 0) this.#counts.set(place, this.of(place) + node.ownReplicas)
      if (!this.#open.has(place) && offersPlace(request, node)) this.#open.add(place)
    }
    this.#least = this.#leastNow()
  }

  of(place: string): number {
    return this.#counts.get(place) ?? 0
  }

  skew(place: string): number {
    // A place without a node in service may hold fewer than the emptiest that counts.
    return Math.max(0, this.of(place) - this.#least)
  }

  /** Whether one replica more would leave the place too far above the emptiest. */
  isFull(place: string): boolean {
    return this.spread.maxSkew !== null && this.skew(place) + 1 > this.spread.maxSkew
  }

  get least(): number {
    return this.#least
  }

  /** The emptiest places that count, by name. */
  emptiest(): string[] {
    return [...this.#open].filter((place) => this.of(place) === this.#least).sort()
  }

  /** Counts a replica; says whether the emptiest place now holds more, which changes what every place is worth. */
  add(place: string): boolean {
    const before = this.#least
    this.#counts.set(place, this.of(place) + 1)
    this.#least = this.#leastNow()
    return this.#least !== before
  }

  #leastNow(): number {
    let least = Number.POSITIVE_INFINITY
    for (const place of this.#open) least = Math.min(least, this.of(place))
    return Number.isFinite(least) ? least : 0
  }
}

/** How one node stands. */
export interface SpreadView {
  /** What each wish to spread is worth on it, 0..1. */
  values: number[]
  /** What the rules compared, in numbers of replicas. */
  results: RuleResult[]
}

export class Spreading {
  readonly #counts: readonly Counts[]

  constructor(request: PlacementRequest, nodes: readonly FleetNode[]) {
    this.#counts = (request.wishes?.spread ?? []).map((spread) => new Counts(spread, request, nodes))
  }

  /** What the wish number `index` is worth on the node, 0..1; 0 on a node that is in no such place. */
  value(index: number, node: FleetNode): number {
    const counts = this.#counts[index]
    const place = counts ? placeOf(node, counts.spread.across) : null
    return counts && place !== null ? 1 / (1 + counts.skew(place)) : 0
  }

  /** Whether the node has to wait until other places hold more. */
  holdsBack(node: FleetNode): boolean {
    return this.#counts.some((counts) => {
      if (counts.spread.maxSkew === null) return false
      const place = placeOf(node, counts.spread.across)
      return place !== null && counts.isFull(place)
    })
  }

  /** Counts a replica on the node; the answer says of which nodes the value or the rule may have changed. */
  add(node: FleetNode): (other: FleetNode) => boolean {
    const changed = this.#counts.map((counts) => {
      const place = placeOf(node, counts.spread.across)
      if (place === null) return () => false
      if (counts.add(place)) return () => true
      return (other: FleetNode) => placeOf(other, counts.spread.across) === place
    })
    return (other) => changed.some((hasChanged) => hasChanged(other))
  }

  /** How a node stands now. */
  view(node: FleetNode): SpreadView {
    return {
      values: this.#counts.map((_, index) => this.value(index, node)),
      results: this.#counts.flatMap((counts) => resultOf(counts, node)),
    }
  }
}

/** Nothing for nodes in no place, of which the plain rule speaks. */
function resultOf(counts: Counts, node: FleetNode): RuleResult[] {
  const { across, maxSkew } = counts.spread
  const place = placeOf(node, across)
  if (maxSkew === null || place === null) return []
  const needed = counts.skew(place) + 1
  const passed = needed <= maxSkew
  const [emptiest] = counts.emptiest()
  const others = emptiest === undefined ? `the emptiest ${across}` : placeText(across, emptiest)
  const message = `its ${placeText(across, place)} would hold ${counts.of(place) + 1}, ${others} holds ${counts.least}: at most ${maxSkew} apart`
  return [{ rule: 'spread', passed, message, needed, available: maxSkew, shortfall: passed ? null : needed - maxSkew }]
}
