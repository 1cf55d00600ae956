/**
 * The memory of the index, which it shares with the kernel: columns of the fleet, one number per node, and above them
 * the tree of geometry.ts. It is as large as it needs to be from the start, because growing would cut off the views of
 * it; pages that nobody touches cost nothing.
 */
import { type Geometry, innerGroups } from './geometry'
import { instantiate, type Kernel, maxFound } from './kernel'

/** In the order in which the kernel knows them. */
const columnNames = [
  /** Infinite where there is none, so that any share of it is 0. */
  'cpuCapacity',
  'memoryCapacity',
  'cpuFree',
  'memoryFree',
  'storageFree',
  'gpuFree',
  /** Infinite when unknown: as good as fully loaded. */
  'cpuUsage',
  'memoryUsage',
  'cpuUnseen',
  'memoryUnseen',
  /** 0 for a node that takes replicas, -Infinity for one that does not. */
  'gate',
  /** The load part of a score; the kernel works it out. */
  'idle',
  /** 1 by the capacity. */
  'cpuInverse',
  'memoryInverse',
] as const
export type Columns = Record<(typeof columnNames)[number], Float64Array>

/** A view of the memory, and where the kernel finds it. */
export interface Table<View> {
  address: number
  values: View
}

/** By place: what it adds to a score. */
export interface PlaceTable extends Table<Float64Array> {
  /** Where the kernel remembers what it found last by this table. */
  lastFound: number
}

/** How many policies the tree has bounds for at once. */
export const maxPolicies = 4
const policyBytes = 32
const blockBytes = 640
const placeOffset = 608
/** What tables of localities may take together, as long as four of them fit. */
const placeTableBytes = 32 << 20
const maxPlaceTables = 64

/** Hands out addresses, one region after the other. */
class Allocator {
  // Page 0 is the kernel's own.
  end = 65_536

  take(bytes: number): number {
    const start = this.end
    this.end = Math.ceil((start + bytes) / 64) * 64
    return start
  }
}

interface Sizes {
  places: number
  labelSets: number
}

export class FleetMemory {
  readonly kernel: Kernel
  readonly geometry: Geometry
  readonly columns: Columns
  /** By slot: the place in the order of names, by which ties are decided. */
  readonly ranks: Int32Array
  readonly labelSets: Int32Array
  /** By slot: 1 for nodes that the next search must not take. */
  readonly excluded: Uint8Array
  /** By label set: 1 for those that the request allows. */
  readonly allowed: Table<Uint8Array>
  readonly placeTables: PlaceTable[]
  readonly foundSlots: Int32Array
  readonly foundScores: Float64Array
  /** Where the bounds of each policy lie. */
  readonly bases: readonly number[]
  readonly #policies: Table<DataView>
  readonly #blocks: Table<Int32Array>
  readonly #flags: Uint8Array
  readonly #queue: Int32Array
  #queued = 0

  constructor(geometry: Geometry, { places, labelSets }: Sizes) {
    this.geometry = geometry
    const { firstLeaf, leafGroups, groups } = geometry
    const slots = 8 * leafGroups
    const tables = Math.max(4, Math.min(maxPlaceTables, Math.floor(placeTableBytes / (8 * places))))
    const allocator = new Allocator()
    const scratch = allocator.take(128)
    const stack = allocator.take(4096)
    const found = allocator.take(16 * maxFound)
    const policies = allocator.take(policyBytes * maxPolicies)
    const flags = allocator.take(groups)
    const queue = allocator.take(4 * groups)
    const columns = allocator.take(8 * slots * columnNames.length)
    const ranks = allocator.take(4 * slots)
    const sets = allocator.take(4 * slots)
    const excluded = allocator.take(slots)
    const allowed = allocator.take(labelSets)
    const blocks = allocator.take(blockBytes * groups)
    this.bases = Array.from({ length: maxPolicies }, () => allocator.take(64 * groups))
    const placeTables = Array.from({ length: tables }, () => [allocator.take(8 * places), allocator.take(64)] as const)

    this.kernel = instantiate(allocator.end)
    const { buffer } = this.kernel.memory
    const column = (at: number) => new Float64Array(buffer, columns + 8 * slots * at, slots)
    this.columns = Object.fromEntries(columnNames.map((name, at) => [name, column(at)])) as Columns
    this.ranks = new Int32Array(buffer, ranks, slots)
    this.labelSets = new Int32Array(buffer, sets, slots)
    this.excluded = new Uint8Array(buffer, excluded, slots)
    this.allowed = { address: allowed, values: new Uint8Array(buffer, allowed, labelSets) }
    this.placeTables = placeTables.map(([address, lastFound]) => ({
      address,
      values: new Float64Array(buffer, address, places),
      lastFound,
    }))
    this.foundScores = new Float64Array(buffer, found, maxFound)
    this.foundSlots = new Int32Array(buffer, found + 8 * maxFound, maxFound)
    this.#policies = { address: policies, values: new DataView(buffer, policies, policyBytes * maxPolicies) }
    this.#blocks = { address: blocks, values: new Int32Array(buffer, blocks, (blockBytes / 4) * groups) }
    this.#flags = new Uint8Array(buffer, flags, groups)
    this.#queue = new Int32Array(buffer, queue, groups)

    this.kernel.setTree(firstLeaf, leafGroups, blocks, flags, queue)
    this.kernel.setColumns(columns, 8 * slots, ranks, sets, excluded)
    this.kernel.setWorkspace(scratch, stack, found, maxFound)
    for (const [at, address] of this.bases.entries()) this.#policies.values.setUint32(policyBytes * at, address, true)
    this.kernel.setPolicies(policies, 0)
    for (const group of innerGroups(geometry)) this.kernel.clear(group, maxPolicies)
    // A lane without a node is a node that is shut.
    this.columns.gate.fill(Number.NEGATIVE_INFINITY)
    this.columns.cpuCapacity.fill(Number.POSITIVE_INFINITY)
    this.columns.memoryCapacity.fill(Number.POSITIVE_INFINITY)
  }

  setPlaces(ofEntries: Int32Array): void {
    for (const [entry, place] of ofEntries.entries())
      this.#blocks.values[(blockBytes / 4) * (entry >> 3) + placeOffset / 4 + (entry & 7)] = place
  }

  /** How the kernel makes the bounds of a policy: base = constant + shares × (free shares) + load × idle. */
  setPolicy(at: number, { constant, shares, load }: { constant: number; shares: number; load: number }): void {
    this.#policies.values.setFloat64(policyBytes * at + 8, constant, true)
    this.#policies.values.setFloat64(policyBytes * at + 16, shares, true)
    this.#policies.values.setFloat64(policyBytes * at + 24, load, true)
  }

  /** From now on the tree has bounds for the first `count` policies. */
  holdPolicies(count: number): void {
    this.kernel.setPolicies(this.#policies.address, count)
    for (let slot = 0; slot < 8 * this.geometry.leafGroups; slot += 8) this.markWhole(slot)
  }

  /** Notes that free amounts, usage or unseen load of a node changed. The tree learns of it at the next refresh. */
  mark(slot: number): void {
    const group = this.geometry.firstLeaf + (slot >> 3)
    if (this.#flags[group] !== 0) return
    this.#flags[group] = 1
    this.#queue[this.#queued++] = group
  }

  /** Notes that anything of a node changed. */
  markWhole(slot: number): void {
    this.mark(slot)
    this.#flags[this.geometry.firstLeaf + (slot >> 3)] = 3
  }

  refresh(): void {
    if (this.#queued === 0) return
    this.kernel.refresh(this.#queued)
    this.#queued = 0
  }
}
