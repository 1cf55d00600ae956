/** Plans the nodes of a simulated fleet: each node depends on the seed and its index, not on the number of nodes. */

import { between, chanceOf } from '@/agent/lib/random'
import type { NodeDescription } from '@/core/agents/protocol'
import { regionCoordinates } from '@/core/placement/regions'

export const defaultRegions = ['us-east', 'us-west', 'eu-west', 'eu-central', 'ap-southeast'] as const

interface FleetPlan {
  nodes: number
  regions: readonly string[]
  seed: number
  /** How many nodes have GPUs; by default every sixth. */
  gpuNodes?: number | undefined
  /** Prefix of the node names; a number follows. */
  prefix: string
}

/** From a box under a shop counter to a server in a factory. */
const sizes = [
  { name: 'small', cpuCores: 4, memoryMb: 8_192, storageGb: 120 },
  { name: 'medium', cpuCores: 8, memoryMb: 16_384, storageGb: 250 },
  { name: 'medium', cpuCores: 8, memoryMb: 32_768, storageGb: 500 },
  { name: 'large', cpuCores: 16, memoryMb: 65_536, storageGb: 1_000 },
] as const
const [smallest] = sizes
const sites = ['store', 'factory', 'lab', 'pop'] as const

export const planFleet = ({ nodes, regions, seed, gpuNodes, prefix }: FleetPlan): NodeDescription[] =>
  Array.from({ length: nodes }, (_, index) => {
    const chance = (what: string) => chanceOf(seed, index, what)
    const pick = <Item>(what: string, items: readonly Item[], fallback: Item): Item =>
      items[Math.floor(chance(what) * items.length)] ?? fallback
    const size = pick('size', sizes, smallest)
    const region = regions[index % regions.length] ?? 'local'
    const center = regionCoordinates(region)
    const gpuUnits = hasGpu(index, nodes, gpuNodes) ? (chance('gpu') < 0.5 ? 1 : 2) : 0
    return {
      name: `${prefix}${String(index + 1).padStart(2, '0')}`,
      region,
      type: gpuUnits > 0 ? 'gpu_node' : 'compute_node',
      labels: {
        arch: chance('arch') < 0.25 ? 'arm64' : 'amd64',
        disk: chance('disk') < 0.6 ? 'ssd' : 'hdd',
        site: pick('site', sites, 'store'),
        size: size.name,
      },
      engine: 'simulated' as const,
      engineVersion: 'simulated',
      cpuCores: size.cpuCores,
      memoryMb: size.memoryMb,
      storageGb: size.storageGb,
      gpuUnits,
      // Within about 100 km of the region's centre.
      latitude: center && Math.round((center.latitude + between(chance('north'), -1, 1)) * 1000) / 1000,
      longitude: center && Math.round((center.longitude + between(chance('east'), -1, 1)) * 1000) / 1000,
    }
  })

const hasGpu = (index: number, nodes: number, gpuNodes: number | undefined): boolean => {
  if (gpuNodes === undefined) return index % 6 === 4
  if (gpuNodes <= 0) return false
  // Spread evenly: node i has a GPU when the line from 0 to gpuNodes passes a whole number there.
  return Math.floor(((index + 1) * gpuNodes) / nodes) > Math.floor((index * gpuNodes) / nodes)
}
