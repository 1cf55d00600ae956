/**
 * Places. Nodes of one region and position have the same locality for every request, so it is worked out once for all
 * of them; a group of the tree with nodes in several places has the greatest of their localities as its bound.
 */
import type { FleetNode } from '@/core/placement/types'
import { type Geometry, innerGroups } from './geometry'

const nowhere = -1

export class Places {
  /** By place: one node that stands for all. */
  readonly #examples: FleetNode[] = []
  /** Mixtures of places have the numbers after those; each mixture comes after what it is made of. */
  readonly #mixtures: number[][] = []
  readonly #numbers = new Map<string, number>()
  /** By entry; 0 where there is nothing below. */
  readonly ofEntries: Int32Array

  /** `nodes` by slot. */
  constructor(nodes: readonly FleetNode[], geometry: Geometry) {
    this.ofEntries = new Int32Array(8 * geometry.groups).fill(nowhere)
    const firstEntry = 8 * geometry.firstLeaf
    for (const [slot, node] of nodes.entries()) this.ofEntries[firstEntry + slot] = this.#placeOf(node)
    for (let group = geometry.firstLeaf; group < geometry.groups; group++) this.#sumUp(group)
    for (const group of innerGroups(geometry)) this.#sumUp(group)
    for (const [entry, place] of this.ofEntries.entries()) if (place === nowhere) this.ofEntries[entry] = 0
  }

  /** The length of a table of places. */
  get count(): number {
    return Math.max(1, this.#examples.length + this.#mixtures.length)
  }

  #placeOf(node: FleetNode): number {
    const key = JSON.stringify([node.region, node.latitude, node.longitude])
    const known = this.#numbers.get(key)
    if (known !== undefined) return known
    this.#numbers.set(key, this.#examples.length)
    return this.#examples.push(node) - 1
  }

  #sumUp(group: number): void {
    if (group === 0) return
    const lanes = new Set(this.ofEntries.subarray(8 * group, 8 * group + 8))
    lanes.delete(nowhere)
    const [first = nowhere] = lanes
    this.ofEntries[group - 1] = lanes.size <= 1 ? first : this.#mixtureOf([...lanes])
  }

  #mixtureOf(places: number[]): number {
    const key = places.sort((a, b) => a - b).join()
    const known = this.#numbers.get(key)
    if (known !== undefined) return known
    this.#numbers.set(key, this.#examples.length + this.#mixtures.length)
    return this.#examples.length + this.#mixtures.push(places) - 1
  }

  /** Fills a table with what each place contributes to a score. */
  fill(table: Float64Array, contribution: (node: FleetNode) => number): void {
    for (const [place, node] of this.#examples.entries()) table[place] = contribution(node)
    for (const [at, places] of this.#mixtures.entries()) {
      let best = Number.NEGATIVE_INFINITY
      for (const place of places) best = Math.max(best, table[place] ?? best)
      table[this.#examples.length + at] = best
    }
  }
}
