/** Sets of labels: nodes with the same labels meet the same constraints, which are checked once for all of them. */

import type { Constraint } from '@/core/placement/constraint'
import type { FleetNode } from '@/core/placement/types'
import { constraintMet } from '@/core/scheduler/filters/filters'
import type { Table } from './memory'

/** Room for sets that come later. */
const spare = 256

export class LabelSets {
  readonly #examples: FleetNode[] = []
  readonly #numbers = new Map<string, number>()
  readonly capacity: number
  /** By slot. */
  readonly ofNodes: Int32Array
  /** The constraints for which the table of what is allowed was made last. */
  #constraints = ''

  constructor(nodes: readonly FleetNode[]) {
    this.ofNodes = Int32Array.from(nodes, (node) => this.#numberOf(node))
    this.capacity = this.#examples.length + spare
  }

  #numberOf(node: FleetNode): number {
    const labels = Object.entries(node.labels).sort(([a], [b]) => (a < b ? -1 : 1))
    const key = JSON.stringify(labels)
    const known = this.#numbers.get(key)
    if (known !== undefined) return known
    this.#numbers.set(key, this.#examples.length)
    return this.#examples.push(node) - 1
  }

  /** The set of a node whose labels changed; null when there is no room for another. */
  setOf(node: FleetNode): number | null {
    const known = this.#examples.length
    const set = this.#numberOf(node)
    if (set >= this.capacity) return null
    // A new set is not in the table yet.
    if (set >= known) this.#constraints = ''
    return set
  }

  /** Fills the table with the sets that meet all constraints. */
  allow(constraints: readonly Constraint[], table: Table<Uint8Array>): void {
    const key = JSON.stringify(constraints)
    if (key === this.#constraints) return
    this.#constraints = key
    for (const [set, node] of this.#examples.entries())
      table.values[set] = constraints.every((constraint) => constraintMet(constraint, node)) ? 1 : 0
  }
}
