/** How near a node is to the region that was asked for, as a number in 0..1 with its source. */

import { type Coordinates, canonicalRegion, latencyBetween, regionCoordinates } from '@/core/placement/regions'
import type { Fleet, FleetNode, LocalityFact, MeasuredLatency } from '@/core/placement/types'

/** At this round trip a node is as good as nowhere: locality 0. */
const worthlessLatencyMs = 200

/** 1 without delay, falling straight to 0 at 200 ms. */
export const localityOfLatency = (latencyMs: number): number =>
  Math.min(1, Math.max(0, 1 - latencyMs / worthlessLatencyMs))

const noRegionAsked: LocalityFact = { value: 1, latencyMs: null, source: 'no region asked' }

const positionOf = (node: FleetNode): Coordinates | null =>
  node.latitude === null || node.longitude === null ? null : { latitude: node.latitude, longitude: node.longitude }

/**
 * Where regions lie that no table knows: at the first of their nodes, by name, that says where it is. (A mean would
 * depend on the order in which the nodes come.)
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

/** The measurements that concern the wanted region, by the region at their other end. */
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
 * A function that gives the locality of each node for one run. What is known of a region is worked out once, however
 * many nodes it has; only coordinates are a node's own affair.
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
  /** Of those nodes of a region that do not say where they are. */
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
      // Nothing but coordinates can help here, and those differ from node to node.
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
