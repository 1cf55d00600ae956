/**
 * The plain way over the columns: every node is looked at, and a bounded heap keeps the best. It takes any policy and
 * any request, and is what the tree is measured against.
 */
import type { PlacementRequest, Policy } from '@/core/placement/types'
import type { FleetMemory } from './memory'

export interface Found {
  slot: number
  score: number
}

interface ScanInput {
  request: PlacementRequest
  policy: Policy
  /** By place: what it adds to a score. */
  contributions: Float64Array
  /** By entry. */
  places: Int32Array
  /** By label set; null when all are. */
  allowed: Uint8Array | null
}

/** What is not asked for cannot be short. */
const need = (amount: number): number => (amount > 0 ? amount : Number.NEGATIVE_INFINITY)

/** A heap of at most `most` nodes with the worst on top: the lower score, and among equals the greater rank. */
class BoundedHeap {
  readonly #slots: Int32Array
  readonly #scores: Float64Array
  readonly #ranks: Int32Array
  readonly #most: number
  #size = 0

  constructor(most: number, ranks: Int32Array) {
    this.#most = most
    this.#slots = new Int32Array(most)
    this.#scores = new Float64Array(most)
    this.#ranks = ranks
  }

  /** What a score must reach to have a chance. */
  get floor(): number {
    return this.#size < this.#most ? Number.NEGATIVE_INFINITY : (this.#scores[0] ?? 0)
  }

  #worse(score: number, slot: number, than: number): boolean {
    const other = this.#scores[than] ?? 0
    if (score !== other) return score < other
    return (this.#ranks[slot] ?? 0) > (this.#ranks[this.#slots[than] ?? 0] ?? 0)
  }

  #set(at: number, slot: number, score: number): void {
    this.#slots[at] = slot
    this.#scores[at] = score
  }

  #move(to: number, from: number): void {
    this.#set(to, this.#slots[from] ?? 0, this.#scores[from] ?? 0)
  }

  offer(slot: number, score: number): void {
    if (this.#size < this.#most) {
      let at = this.#size++
      for (let parent = (at - 1) >> 1; at > 0 && this.#worse(score, slot, parent); parent = (at - 1) >> 1) {
        this.#move(at, parent)
        at = parent
      }
      this.#set(at, slot, score)
    } else if (!this.#worse(score, slot, 0)) {
      this.#sink(slot, score)
    }
  }

  /** Takes the place of the worst. */
  #sink(slot: number, score: number): void {
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= this.#size) break
      const right = child + 1
      if (right < this.#size && this.#worse(this.#scores[right] ?? 0, this.#slots[right] ?? 0, child)) child = right
      if (this.#worse(score, slot, child)) break
      this.#move(at, child)
      at = child
    }
    this.#set(at, slot, score)
  }

  /** The best first. */
  sorted(): Found[] {
    const found = Array.from({ length: this.#size }, (_, at) => ({
      slot: this.#slots[at] ?? 0,
      score: this.#scores[at] ?? 0,
    }))
    return found.sort((a, b) => b.score - a.score || (this.#ranks[a.slot] ?? 0) - (this.#ranks[b.slot] ?? 0))
  }
}

/** The best nodes for the request, at most as many as replicas are asked for; the columns must be fresh. */
export function scan(memory: FleetMemory, { request, policy, contributions, places, allowed }: ScanInput): Found[] {
  const { columns, excluded, labelSets } = memory
  const { cpuCapacity, memoryCapacity, cpuFree, memoryFree, storageFree, gpuFree, gate, idle } = columns
  const { cpuMillis, memoryMb, storageGb, gpuUnits } = request.resources
  const [needCpu, needMemory, needStorage, needGpu] = [need(cpuMillis), need(memoryMb), need(storageGb), need(gpuUnits)]
  const { weights, packing } = policy
  const firstEntry = 8 * memory.geometry.firstLeaf
  const heap = new BoundedHeap(request.replicas, memory.ranks)
  for (let slot = 0; slot < gate.length; slot++) {
    const cpu = cpuFree[slot] ?? 0
    const free = memoryFree[slot] ?? 0
    if (cpu < needCpu || free < needMemory || (storageFree[slot] ?? 0) < needStorage) continue
    if ((gpuFree[slot] ?? 0) < needGpu || gate[slot] !== 0 || excluded[slot] !== 0) continue
    if (allowed && allowed[labelSets[slot] ?? 0] === 0) continue
    // The operations of core/scheduler/scoring/score.ts, in their order.
    const left = ((cpu - cpuMillis) / (cpuCapacity[slot] ?? 0) + (free - memoryMb) / (memoryCapacity[slot] ?? 0)) / 2
    const score =
      weights.resources * (packing ? 1 - left : left) +
      weights.load * (idle[slot] ?? 0) +
      (contributions[places[firstEntry + slot] ?? 0] ?? 0)
    if (score >= heap.floor) heap.offer(slot, score)
  }
  return heap.sorted()
}
