/**
 * Counts the replicas of a deployment per topology domain while more are being placed.
 *
 *   skew(domain)  = replicas in the domain − replicas in the emptiest domain
 *   value(domain) = 1 / (1 + skew(domain))          in the score: 1 in the emptiest domain, 1/2 at a skew of 1, …
 *   skew(domain) + 1 ≤ max_skew                     the rule, for the domain of the next replica
 *
 * The rule is that of Kubernetes' topology spread constraints (skew against the global minimum). A domain counts for
 * the minimum if it has a node that is in service and meets the label constraints, whether or not that node has
 * capacity: an offline region does not hold back the others, a full region does.
 */

import { placeText, type Spread } from '@/core/placement/preferences'
import type { FleetNode, PlacementRequest, RuleResult } from '@/core/placement/types'
import { offersPlace } from '@/core/scheduler/filters/filters'
import { placeOf } from '@/core/scheduler/filters/topology'

/** Replicas of the deployment per topology domain of one spread. */
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
    // A domain without a node in service does not count for the minimum and may hold fewer replicas.
    return Math.max(0, this.of(place) - this.#least)
  }

  /** Whether one more replica would exceed `maxSkew`. */
  isFull(place: string): boolean {
    return this.spread.maxSkew !== null && this.skew(place) + 1 > this.spread.maxSkew
  }

  get least(): number {
    return this.#least
  }

  /** Returns the emptiest domains that count, sorted by name. */
  emptiest(): string[] {
    return [...this.#open].filter((place) => this.of(place) === this.#least).sort()
  }

  /** Counts a replica. Returns whether the minimum rose, which changes the value of every domain. */
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

/** The spread values and rule results of one node. */
export interface SpreadView {
  /** One value per spread, 0..1. */
  values: number[]
  /** What the rules compared, in replicas. */
  results: RuleResult[]
}

export class Spreading {
  readonly #counts: readonly Counts[]

  constructor(request: PlacementRequest, nodes: readonly FleetNode[]) {
    this.#counts = (request.placementRules?.spread ?? []).map((spread) => new Counts(spread, request, nodes))
  }

  /** Returns the value of the spread `index` on the node, 0..1; 0 if the node has no such domain. */
  value(index: number, node: FleetNode): number {
    const counts = this.#counts[index]
    const place = counts ? placeOf(node, counts.spread.across) : null
    return counts && place !== null ? 1 / (1 + counts.skew(place)) : 0
  }

  /** Whether the limit of a spread excludes the node until other domains hold more replicas. */
  holdsBack(node: FleetNode): boolean {
    return this.#counts.some((counts) => {
      if (counts.spread.maxSkew === null) return false
      const place = placeOf(node, counts.spread.across)
      return place !== null && counts.isFull(place)
    })
  }

  /** Counts a replica on the node. Returns a function that tells whether a node's value or rule may have changed. */
  add(node: FleetNode): (other: FleetNode) => boolean {
    const changed = this.#counts.map((counts) => {
      const place = placeOf(node, counts.spread.across)
      if (place === null) return () => false
      if (counts.add(place)) return () => true
      return (other: FleetNode) => placeOf(other, counts.spread.across) === place
    })
    return (other) => changed.some((hasChanged) => hasChanged(other))
  }

  /** Returns the present values and rule results of a node. */
  view(node: FleetNode): SpreadView {
    return {
      values: this.#counts.map((_, index) => this.value(index, node)),
      results: this.#counts.flatMap((counts) => resultOf(counts, node)),
    }
  }
}

/** Returns no result for a node without a domain: the rule `spread` in ../filters/affinity.ts reports that. */
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
