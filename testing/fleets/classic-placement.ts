/**
 * The straightforward way to decide: filter the nodes, score them, sort, and take the best. It shares no code with the
 * scheduler; the fleet index is compared with it.
 */

import type { Resources } from '@/core/placement/resources'
import type { FleetNode, PlacementRequest, Policy } from '@/core/placement/types'

/** Locality from 0 to 1 by region, relative to one preferred region. */
export type Localities = ReadonlyMap<string, number>

interface Ranked {
  node: FleetNode
  score: number
}

const usage = (percent: number | null, unseen: number, capacity: number): number =>
  Math.min(100, (percent ?? 100) + (100 * unseen) / capacity)

/** All eligible nodes, best first. Only `classicReserve` changes the nodes. */
export function classicRanking(
  nodes: readonly FleetNode[],
  { resources }: PlacementRequest,
  { policy, localities }: { policy: Policy; localities: Localities },
): Ranked[] {
  const { cpuMillis, memoryMb, storageGb, gpuUnits } = resources
  const { weights } = policy
  return nodes
    .filter(
      ({ status, cordoned, draining, engineError, capacity, reserved }) =>
        (status === 'active' || status === 'idle') &&
        !cordoned &&
        !draining &&
        engineError === null &&
        capacity.cpuMillis - reserved.cpuMillis >= cpuMillis &&
        capacity.memoryMb - reserved.memoryMb >= memoryMb &&
        capacity.storageGb - reserved.storageGb >= storageGb &&
        capacity.gpuUnits - reserved.gpuUnits >= gpuUnits,
    )
    .map((node) => {
      const { capacity, reserved, unseen } = node
      const cpuShare = (capacity.cpuMillis - reserved.cpuMillis - cpuMillis) / capacity.cpuMillis
      const memoryShare = (capacity.memoryMb - reserved.memoryMb - memoryMb) / capacity.memoryMb
      const cpuUsage = usage(node.cpuUsagePercent, unseen.cpuMillis, capacity.cpuMillis)
      const memoryUsage = usage(node.memoryUsagePercent, unseen.memoryMb, capacity.memoryMb)
      const score =
        weights.resources * ((cpuShare + memoryShare) / 2) +
        weights.load * (((100 - cpuUsage) / 100 + (100 - memoryUsage) / 100) / 2) +
        weights.locality * (localities.get(node.region) ?? 0)
      return { node, score }
    })
    .sort((a, b) => b.score - a.score || (a.node.nodeId < b.node.nodeId ? -1 : 1))
}

/** Reserves a replica's resources on a node in place, or with `sign` -1 releases them. */
export function classicReserve(node: FleetNode, resources: Resources, sign: 1 | -1): void {
  node.reserved.cpuMillis += sign * resources.cpuMillis
  node.reserved.memoryMb += sign * resources.memoryMb
  node.reserved.storageGb += sign * resources.storageGb
  node.reserved.gpuUnits += sign * resources.gpuUnits
  node.unseen.cpuMillis += sign * resources.cpuMillis
  node.unseen.memoryMb += sign * resources.memoryMb
}
