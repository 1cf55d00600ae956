/** The plain pass: typed arrays as columns, every node visited, the best three kept. As lean as it can be written. */

import type { Resources } from '@/core/placement/resources'
import { defaultPolicy, type FleetNode, type PlacementRequest } from '@/core/placement/types'
import type { Localities } from '@/testing/fleets/classic-placement'
import { shapeRegions } from '@/testing/fleets/fleet-shapes'

const preferredRegions: readonly (string | null)[] = [null, ...shapeRegions]
const regionNames: readonly string[] = shapeRegions
const { weights } = defaultPolicy

interface Taken {
  slot: number
  score: number
}

export class PlainColumns {
  readonly cpu: Float64Array
  readonly memory: Float64Array
  readonly cpuFree: Float64Array
  readonly memoryFree: Float64Array
  readonly storageFree: Float64Array
  readonly gpuFree: Float64Array
  readonly cpuUsage: Float64Array
  readonly memoryUsage: Float64Array
  readonly cpuUnseen: Float64Array
  readonly memoryUnseen: Float64Array
  /** The load part of a score. */
  readonly idle: Float64Array
  readonly regions: Int32Array
  /** What each region adds to a score, one row of regions per requested region. */
  readonly localities: Float64Array
  readonly #nodes: readonly FleetNode[]

  /** `fleet` must be in the order of names. */
  constructor(fleet: readonly FleetNode[], byRegion: ReadonlyMap<string | null, Localities>) {
    const column = (of: (node: FleetNode) => number) => Float64Array.from(fleet, of)
    this.#nodes = fleet
    this.cpu = column((node) => node.capacity.cpuMillis)
    this.memory = column((node) => node.capacity.memoryMb)
    this.cpuFree = column((node) => node.capacity.cpuMillis - node.reserved.cpuMillis)
    this.memoryFree = column((node) => node.capacity.memoryMb - node.reserved.memoryMb)
    this.storageFree = column((node) => node.capacity.storageGb - node.reserved.storageGb)
    this.gpuFree = column((node) => node.capacity.gpuUnits - node.reserved.gpuUnits)
    this.cpuUsage = column((node) => node.cpuUsagePercent ?? 100)
    this.memoryUsage = column((node) => node.memoryUsagePercent ?? 100)
    this.cpuUnseen = column((node) => node.unseen.cpuMillis)
    this.memoryUnseen = column((node) => node.unseen.memoryMb)
    this.idle = new Float64Array(fleet.length)
    this.regions = Int32Array.from(fleet, (node) => regionNames.indexOf(node.region))
    this.localities = Float64Array.from(
      preferredRegions.flatMap((wanted) =>
        shapeRegions.map((region) => weights.locality * (byRegion.get(wanted)?.get(region) ?? 0)),
      ),
    )
    for (let slot = 0; slot < fleet.length; slot++) this.#weigh(slot)
  }

  named(slot: number): { id: string; nodeId: string } {
    const { id = '', nodeId = '' } = this.#nodes[slot] ?? {}
    return { id, nodeId }
  }

  #weigh(slot: number): void {
    const used = (usage: Float64Array, unseen: Float64Array, capacity: Float64Array): number =>
      Math.min(100, (usage[slot] ?? 0) + (100 * (unseen[slot] ?? 0)) / (capacity[slot] ?? 0))
    const cpu = used(this.cpuUsage, this.cpuUnseen, this.cpu)
    const memory = used(this.memoryUsage, this.memoryUnseen, this.memory)
    this.idle[slot] = ((100 - cpu) / 100 + (100 - memory) / 100) / 2
  }

  reserve(slot: number, resources: Resources, sign: 1 | -1): void {
    const add = (column: Float64Array, amount: number): void => {
      column[slot] = (column[slot] ?? 0) + sign * amount
    }
    add(this.cpuFree, -resources.cpuMillis)
    add(this.memoryFree, -resources.memoryMb)
    add(this.storageFree, -resources.storageGb)
    add(this.gpuFree, -resources.gpuUnits)
    add(this.cpuUnseen, resources.cpuMillis)
    add(this.memoryUnseen, resources.memoryMb)
    this.#weigh(slot)
  }

  decide({ resources, region }: PlacementRequest): Taken[] {
    const { cpu, memory, cpuFree, memoryFree, storageFree, gpuFree, idle, regions, localities } = this
    const { cpuMillis, memoryMb, storageGb, gpuUnits } = resources
    const { resources: resourcesWeight, load: loadWeight } = weights
    const row = preferredRegions.indexOf(region) * shapeRegions.length
    let [first, second, third] = [-1, -1, -1]
    let [firstScore, secondScore, thirdScore] = [-1, -1, -1]
    for (let slot = 0; slot < cpu.length; slot++) {
      const free = cpuFree[slot] as number
      const freeMemory = memoryFree[slot] as number
      if (free < cpuMillis || freeMemory < memoryMb) continue
      if ((storageFree[slot] as number) < storageGb || (gpuFree[slot] as number) < gpuUnits) continue
      const left = ((free - cpuMillis) / (cpu[slot] as number) + (freeMemory - memoryMb) / (memory[slot] as number)) / 2
      const locality = localities[row + (regions[slot] as number)] as number
      const score = resourcesWeight * left + loadWeight * (idle[slot] as number) + locality
      // Slots are in the order of names, so on a tie the first one stays.
      if (score <= thirdScore) continue
      if (score > secondScore) {
        third = second
        thirdScore = secondScore
        if (score > firstScore) {
          second = first
          secondScore = firstScore
          first = slot
          firstScore = score
        } else {
          second = slot
          secondScore = score
        }
      } else {
        third = slot
        thirdScore = score
      }
    }
    if (third < 0) return []
    return [
      { slot: first, score: firstScore },
      { slot: second, score: secondScore },
      { slot: third, score: thirdScore },
    ]
  }
}
