/**
 * A reference implementation of the scheduler's algorithm, written from its description in the slowest and plainest way
 * without shared code: it examines every node again for each replica. Property tests compare the two.
 */

import type { Constraint } from '@/core/placement/constraint'
import type { Affinity, Spread } from '@/core/placement/preferences'
import type { Fleet, FleetNode, PlacementRequest, Policy } from '@/core/placement/types'

/** Round-trip times from the built-in table between the regions of random fleets, in milliseconds. */
const tableMs: Record<string, number> = { 'ap-south eu-west': 122, 'ap-south us-east': 195, 'eu-west us-east': 68 }

const plain = (region: string): string => (region === 'us-east-1' ? 'us-east' : region)

/**
 * Fleets for the reference have no coordinates, so the locality of a region without a table row or measurement is
 * unknown.
 */
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

/** The topology domain of a node; undefined when it has none. */
function whereIs(node: FleetNode, on: 'node' | 'zone' | 'region'): string | undefined {
  if (on === 'node') return node.id
  if (on === 'region') return plain(node.region)
  return node.labels.zone === undefined ? undefined : `${plain(node.region)}/${node.labels.zone}`
}

function labelsMet(constraints: readonly Constraint[], node: FleetNode): boolean {
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

/** How many more replicas of the deployment a topology domain has than the emptiest eligible one. */
function skewOf(place: string, across: Spread['across'], { request, nodes }: Scene): number {
  const held = (where: string): number =>
    nodes.filter((node) => whereIs(node, across) === where).reduce((sum, node) => sum + node.ownReplicas, 0)
  const counting = nodes.filter(
    (node) =>
      !['offline', 'maintenance'].includes(node.status) &&
      node.engineError === null &&
      !node.cordoned &&
      !node.draining &&
      labelsMet(request.constraints, node),
  )
  const others = counting.flatMap((node) => whereIs(node, across) ?? []).map(held)
  return Math.max(0, held(place) - (others.length > 0 ? Math.min(...others) : 0))
}

interface Scene {
  request: PlacementRequest
  nodes: FleetNode[]
}

const isAffinityMet = ({ kind, on, places }: Affinity, node: FleetNode): boolean => {
  const place = whereIs(node, on)
  const together = place !== undefined && places.includes(place)
  return kind === 'affinity' ? together : !together
}

function placementRulesAllow(node: FleetNode, scene: Scene): boolean {
  const { affinity, spread } = scene.request.placementRules ?? { affinity: [], spread: [] }
  if (affinity.some((one) => one.required && !isAffinityMet(one, node))) return false
  return spread.every(({ across, maxSkew }) => {
    if (maxSkew === null) return true
    const place = whereIs(node, across)
    return place !== undefined && skewOf(place, across, scene) + 1 <= maxSkew
  })
}

/** The score parts of preferences: their total weight, and their score on this node. */
function preferenceParts(node: FleetNode, scene: Scene): { weight: number; gives: number }[] {
  const { preferences, spread, affinity } = scene.request.placementRules ?? {
    preferences: [],
    spread: [],
    affinity: [],
  }
  const sum = (amounts: number[]): number => amounts.reduce((all, amount) => all + amount, 0)
  const evenness = ({ across }: Spread): number => {
    const place = whereIs(node, across)
    return place === undefined ? 0 : 1 / (1 + skewOf(place, across, scene))
  }
  const preferred = affinity.filter((one) => !one.required)
  return [
    {
      weight: sum(preferences.map(({ weight }) => weight / 100)),
      gives: sum(preferences.map((one) => (labelsMet([one], node) ? one.weight / 100 : 0))),
    },
    {
      weight: sum(spread.map(({ weight }) => weight / 100)),
      gives: sum(spread.map((one) => (one.weight / 100) * evenness(one))),
    },
    {
      weight: sum(preferred.map(({ weight }) => weight / 100)),
      gives: sum(preferred.map((one) => (isAffinityMet(one, node) ? one.weight / 100 : 0))),
    },
  ]
}

function canTakeOne(request: PlacementRequest, node: FleetNode): boolean {
  const { resources, constraints } = request
  if (node.status !== 'idle' && node.status !== 'active') return false
  if (node.engineError !== null || node.cordoned || node.draining) return false
  if (node.ownReplicas + 1 > request.maxPerNode) return false
  for (const { port } of node.takenPorts ?? []) if (request.hostPorts?.includes(port)) return false
  if (node.reserved.cpuMillis + resources.cpuMillis > node.capacity.cpuMillis) return false
  if (node.reserved.memoryMb + resources.memoryMb > node.capacity.memoryMb) return false
  if (node.reserved.storageGb + resources.storageGb > node.capacity.storageGb) return false
  if (resources.gpuUnits > 0 && node.reserved.gpuUnits + resources.gpuUnits > node.capacity.gpuUnits) return false
  return labelsMet(constraints, node)
}

function scoreOf(node: FleetNode, scene: Scene, fleet: Fleet, policy: Policy): number {
  const { request } = scene
  const { capacity, reserved, unseen } = node
  const cpu = (capacity.cpuMillis - reserved.cpuMillis - request.resources.cpuMillis) / capacity.cpuMillis
  const memory = (capacity.memoryMb - reserved.memoryMb - request.resources.memoryMb) / capacity.memoryMb
  const used = (percent: number | null, extra: number, whole: number): number =>
    percent === null ? 100 : Math.min(100, percent + (100 * extra) / whole)
  const cpuIdle = (100 - used(node.cpuUsagePercent, unseen.cpuMillis, capacity.cpuMillis)) / 100
  const memoryIdle = (100 - used(node.memoryUsagePercent, unseen.memoryMb, capacity.memoryMb)) / 100
  const { weights } = policy
  const placementRules = preferenceParts(node, scene)
  const whole = placementRules.reduce((sum, { weight }) => sum + weight, 1)
  let score = (weights.resources / whole) * (policy.packing ? 1 - (cpu + memory) / 2 : (cpu + memory) / 2)
  score += (weights.load / whole) * ((cpuIdle + memoryIdle) / 2)
  score += (weights.locality / whole) * localityOf(request.region, node, fleet)
  for (const { weight, gives } of placementRules) if (weight > 0) score += (weight / whole) * (gives / weight)
  return score
}

interface ReferencePlacement {
  chosen: { id: string; nodeId: string; score: number }[]
  /** How many replicas fit; with fewer than requested nothing is chosen. */
  found: number
}

export function referencePlacement(request: PlacementRequest, fleet: Fleet, policy: Policy): ReferencePlacement {
  // Clones each node separately: one clone of the whole fleet would preserve objects that two nodes share.
  const nodes = fleet.nodes.map((node) => structuredClone(node))
  const placed: ReferencePlacement['chosen'] = []
  for (;;) {
    const scene = { request, nodes }
    const able = nodes.filter((node) => canTakeOne(request, node) && placementRulesAllow(node, scene))
    const preferred = able.filter((node) => !request.avoidNodeIds.includes(node.id))
    const field = (preferred.length > 0 ? preferred : able).map((node) => ({
      node,
      score: scoreOf(node, scene, fleet, policy),
    }))
    let best = field[0]
    if (!best) break
    for (const other of field) {
      if (other.score > best.score || (other.score === best.score && other.node.nodeId < best.node.nodeId)) best = other
    }
    const { node, score } = best
    placed.push({ id: node.id, nodeId: node.nodeId, score })
    node.ownReplicas += 1
    const holder = { deploymentId: request.deploymentId, name: '' }
    const ports = (request.hostPorts ?? []).map((port) => ({ port, holder, seenAgeMs: null }))
    node.takenPorts = [...(node.takenPorts ?? []), ...ports]
    node.reserved.cpuMillis += request.resources.cpuMillis
    node.reserved.memoryMb += request.resources.memoryMb
    node.reserved.storageGb += request.resources.storageGb
    node.reserved.gpuUnits += request.resources.gpuUnits
    node.unseen.cpuMillis += request.resources.cpuMillis
    node.unseen.memoryMb += request.resources.memoryMb
  }
  return { chosen: placed.length < request.replicas ? [] : placed.slice(0, request.replicas), found: placed.length }
}
