/** What the index keeps per policy: the bounds of the tree, and for each region asked for what each place adds. */
import type { FleetNode, LocalityFact, Policy } from '@/core/placement/types'
import type { Places } from './domains'
import { type FleetMemory, maxPolicies, type PlaceTable } from './memory'

export type Locality = (node: FleetNode) => LocalityFact

interface RegionTable extends PlaceTable {
  locality: Locality
}

interface KnownPolicy {
  bases: number
  tables: Map<string | null, RegionTable>
}

const keyOf = ({ weights, packing }: Policy): string =>
  `${weights.resources} ${weights.load} ${weights.locality} ${packing ?? false}`

export class Policies {
  readonly #memory: FleetMemory
  readonly #places: Places
  readonly #localityFor: (region: string | null) => Locality
  #known = new Map<string, KnownPolicy>()
  /** The last one, found without making its key. */
  #last: { policy: Policy; known: KnownPolicy } | null = null
  #tables = 0

  constructor(memory: FleetMemory, places: Places, localityFor: (region: string | null) => Locality) {
    this.#memory = memory
    this.#places = places
    this.#localityFor = localityFor
  }

  /** A policy that is new, or forgotten, costs a pass over the whole tree. */
  of(policy: Policy): KnownPolicy {
    if (this.#last?.policy === policy) return this.#last.known
    const key = keyOf(policy)
    const known = this.#known.get(key) ?? this.#add(key, policy)
    this.#last = { policy, known }
    return known
  }

  #add(key: string, { weights, packing }: Policy): KnownPolicy {
    // More policies than the tree has room for are rare; starting over is simpler than choosing.
    if (this.#known.size === maxPolicies) this.#known.clear()
    const at = this.#known.size
    const known: KnownPolicy = { bases: this.#memory.bases[at] ?? 0, tables: new Map() }
    this.#known.set(key, known)
    this.#memory.setPolicy(at, {
      constant: packing ? weights.resources : 0,
      shares: ((packing ? -1 : 1) * weights.resources) / 2,
      load: weights.load,
    })
    this.#memory.holdPolicies(this.#known.size)
    return known
  }

  tableFor(policy: Policy, region: string | null): RegionTable {
    const { tables } = this.of(policy)
    const known = tables.get(region)
    if (known) return known
    if (this.#tables === this.#memory.placeTables.length) this.forgetLocalities()
    const table = this.#memory.placeTables[this.#tables++]
    if (!table) throw new RangeError('there is no table of places')
    const locality = this.#localityFor(region)
    const made = { ...table, locality }
    this.#places.fill(table.values, (node) => policy.weights.locality * locality(node).value)
    tables.set(region, made)
    return made
  }

  /** After nodes or latencies changed. */
  forgetLocalities(): void {
    for (const { tables } of this.#known.values()) tables.clear()
    this.#tables = 0
  }
}
