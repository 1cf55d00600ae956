/**
 * The algorithm of the scheduler once more, written from its description in the slowest and plainest way, and sharing
 * no code with it: for every single replica it looks at every node again. Property tests compare the two.
 */
import type { Fleet, FleetNode, PlacementRequest, Policy } from '@/server/domain/placement'

/** Round trips of the built-in table between the regions that random fleets use. */
const tableMs: Record<string, number> = { 'ap-south eu-west': 122, 'ap-south us-east': 195, 'eu-west us-east': 68 }

const plain = (region: string): string => (region === 'us-east-1' ? 'us-east' : region)

/** Fleets for the reference have no coordinates: a region without row or measurement is unknown. */
function localityOf(wanted: string | null, node: FleetNode, fleet: Fleet): number {
  if (wanted === null || plain(wanted) === plain(node.region)) return 1
  const between = (from: string, to: string): number[] =>
    fleet.latencies
      .filter((one) => plain(one.fromRegion) === plain(from) && plain(one.toRegion) === plain(to))
      .map((one) => one.latencyMs)
  const there = between(wanted, node.region)
  const back = between(node.region, wanted)
  const measured = there.length > 0 ? Math.min(...there) : back.length > 0 ? Math.min(...back) : undefined
  const ms = measured ?? tableMs[[plain(wanted), plain(node.region)].sort().join(' ')]
  return ms === undefined ? 0 : Math.max(0, 1 - ms / 200)
}

function canTakeOne(request: PlacementRequest, node: FleetNode): boolean {
  const { resources, constraints } = request
  if (node.status !== 'idle' && node.status !== 'active') return false
  if (node.engineError !== null || node.cordoned || node.draining) return false
  if (node.ownReplicas + 1 > request.maxPerNode) return false
  if (node.reserved.cpuMillis + resources.cpuMillis > node.capacity.cpuMillis) return false
  if (node.reserved.memoryMb + resources.memoryMb > node.capacity.memoryMb) return false
  if (node.reserved.storageGb + resources.storageGb > node.capacity.storageGb) return false
  if (resources.gpuUnits > 0 && node.reserved.gpuUnits + resources.gpuUnits > node.capacity.gpuUnits) return false
  for (const { key, op, values } of constraints) {
    const value = node.labels[key]
    const met = {
      '=': value === values[0],
      '!=': value !== values[0],
      in: value !== undefined && values.includes(value),
      exists: value !== undefined,
    }
    if (!met[op]) return false
  }
  return true
}

function scoreOf(request: PlacementRequest, node: FleetNode, fleet: Fleet, policy: Policy): number {
  const { capacity, reserved, unseen } = node
  const cpu = (capacity.cpuMillis - reserved.cpuMillis - request.resources.cpuMillis) / capacity.cpuMillis
  const memory = (capacity.memoryMb - reserved.memoryMb - request.resources.memoryMb) / capacity.memoryMb
  const used = (percent: number | null, extra: number, whole: number): number =>
    percent === null ? 100 : Math.min(100, percent + (100 * extra) / whole)
  const cpuIdle = (100 - used(node.cpuUsagePercent, unseen.cpuMillis, capacity.cpuMillis)) / 100
  const memoryIdle = (100 - used(node.memoryUsagePercent, unseen.memoryMb, capacity.memoryMb)) / 100
  const { weights } = policy
  let score = weights.resources * (policy.packing ? 1 - (cpu + memory) / 2 : (cpu + memory) / 2)
  score += weights.load * ((cpuIdle + memoryIdle) / 2)
  score += weights.locality * localityOf(request.region, node, fleet)
  return score
}

export interface ReferencePlacement {
  chosen: { id: string; nodeId: string; score: number }[]
  /** How many replicas fit; with fewer than asked nothing is chosen. */
  found: number
}

export function referencePlacement(request: PlacementRequest, fleet: Fleet, policy: Policy): ReferencePlacement {
  // One clone each: a clone of the whole would keep parts that two nodes share shared.
  const nodes = fleet.nodes.map((node) => structuredClone(node))
  const placed: ReferencePlacement['chosen'] = []
  for (;;) {
    const able = nodes.filter((node) => canTakeOne(request, node))
    const preferred = able.filter((node) => !request.avoidNodeIds.includes(node.id))
    const field = (preferred.length > 0 ? preferred : able).map((node) => ({
      node,
      score: scoreOf(request, node, fleet, policy),
    }))
    let best = field[0]
    if (!best) break
    for (const other of field) {
      if (other.score > best.score || (other.score === best.score && other.node.nodeId < best.node.nodeId)) best = other
    }
    const { node, score } = best
    placed.push({ id: node.id, nodeId: node.nodeId, score })
    node.ownReplicas += 1
    node.reserved.cpuMillis += request.resources.cpuMillis
    node.reserved.memoryMb += request.resources.memoryMb
    node.reserved.storageGb += request.resources.storageGb
    node.reserved.gpuUnits += request.resources.gpuUnits
    node.unseen.cpuMillis += request.resources.cpuMillis
    node.unseen.memoryMb += request.resources.memoryMb
  }
  return { chosen: placed.length < request.replicas ? [] : placed.slice(0, request.replicas), found: placed.length }
}
