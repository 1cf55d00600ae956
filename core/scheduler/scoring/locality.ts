/** Locality: how near a node is to the preferred region, as a number in 0..1 with its source. */

import { type Coordinates, canonicalRegion, latencyBetween, regionCoordinates } from '@/core/placement/regions'
import type { Fleet, FleetNode, LocalityFact, MeasuredLatency } from '@/core/placement/types'

/** From this round-trip time on, locality is 0. */
const worthlessLatencyMs = 200

/** Falls linearly from 1 at 0 ms to 0 at 200 ms. */
export const localityOfLatency = (latencyMs: number): number =>
  Math.min(1, Math.max(0, 1 - latencyMs / worthlessLatencyMs))

const noRegionAsked: LocalityFact = { value: 1, latencyMs: null, source: 'no region asked' }

const positionOf = (node: FleetNode): Coordinates | null =>
  node.latitude === null || node.longitude === null ? null : { latitude: node.latitude, longitude: node.longitude }

/**
 * Positions of regions that are not in the built-in table: the coordinates of the region's first node, by name, that
 * has any. (A mean would depend on the order of the nodes.)
 */
function positionsFromNodes(nodes: readonly FleetNode[]): Map<string, Coordinates> {
  const first = new Map<string, { nodeId: string; at: Coordinates }>()
  for (const node of nodes) {
    const at = positionOf(node)
    if (!at) continue
    const region = canonicalRegion(node.region)
    const known = first.get(region)
    if (!known || node.nodeId < known.nodeId) first.set(region, { nodeId: node.nodeId, at })
  }
  return new Map([...first].map(([region, { at }]) => [region, at]))
}

/** Returns the measurements to or from the preferred region, by the region at the other end. */
function measuredByRegion(wanted: string, latencies: readonly MeasuredLatency[]): Map<string, MeasuredLatency[]> {
  const byRegion = new Map<string, MeasuredLatency[]>()
  for (const latency of latencies) {
    const from = canonicalRegion(latency.fromRegion)
    const to = canonicalRegion(latency.toRegion)
    if (from !== wanted && to !== wanted) continue
    const other = from === wanted ? to : from
    const known = byRegion.get(other)
    if (known) known.push(latency)
    else byRegion.set(other, [latency])
  }
  return byRegion
}

/**
 * Returns a function that computes the locality of a node for one run. Latencies by region are computed once per
 * region; only latencies by coordinates are computed per node.
 */
export function localityFor(preferredRegion: string | null, fleet: Fleet): (node: FleetNode) => LocalityFact {
  if (preferredRegion === null) return () => noRegionAsked
  const wanted = canonicalRegion(preferredRegion)
  const measured = measuredByRegion(wanted, fleet.latencies)
  let positions: Map<string, Coordinates> | null = null
  const placeOf = (region: string): Coordinates | null => {
    positions ??= positionsFromNodes(fleet.nodes)
    return regionCoordinates(region) ?? positions.get(region) ?? null
  }
  const ofRegion = new Map<string, LocalityFact | null>()
  /** By region, for nodes without coordinates. */
  const ofNowhere = new Map<string, LocalityFact>()
  const factOf = (region: string, coordinates: { from: Coordinates | null; to: Coordinates | null }): LocalityFact => {
    const known = latencyBetween({ from: wanted, to: region, measured: measured.get(region) ?? [], coordinates })
    if (known.source === 'same region') return { value: 1, ...known }
    return { value: known.latencyMs === null ? 0 : localityOfLatency(known.latencyMs), ...known }
  }

  return (node) => {
    let fact = ofRegion.get(node.region)
    if (fact === undefined) {
      const region = canonicalRegion(node.region)
      const anyNode = factOf(region, { from: null, to: null })
      // Only coordinates are left, and those differ between nodes.
      fact = anyNode.source === 'unknown' ? null : anyNode
      ofRegion.set(node.region, fact)
    }
    if (fact) return fact
    const position = positionOf(node)
    const shared = position === null ? ofNowhere.get(node.region) : undefined
    if (shared) return shared
    const region = canonicalRegion(node.region)
    const own = factOf(region, { from: placeOf(wanted), to: position ?? placeOf(region) })
    if (position === null) ofNowhere.set(node.region, own)
    return own
  }
}
