/** Topology domains of nodes, for spreads and affinities. */

import { memoized } from '@/core/placement/memo'
import { type Topology, zoneLabel } from '@/core/placement/preferences'
import { canonicalRegion } from '@/core/placement/regions'
import type { FleetNode } from '@/core/placement/types'

/** The fields of a node that determine its topology domains. */
export type Located = Pick<FleetNode, 'id' | 'region' | 'labels'>

/** Returns a label's value, null when it is not set. Inherited names such as "constructor" are not labels. */
export const labelOf = (node: Located, key: string): string | null =>
  Object.hasOwn(node.labels, key) ? (node.labels[key] ?? null) : null

/** Names of zone domains; cached because each pass over the nodes needs them. */
const zonesOf = memoized((region) => memoized((zone) => `${region}/${zone}`, 1_000), 1_000)

/**
 * Returns the topology domain of a node, as a text that identifies it; null for a node without a zone label. A zone
 * belongs to its region: zone a of us-east and zone a of eu-west are two domains.
 */
export function placeOf(node: Located, on: Topology): string | null {
  if (on === 'node') return node.id
  const region = canonicalRegion(node.region)
  if (on === 'region') return region
  const zone = labelOf(node, zoneLabel)
  return zone === null ? null : zonesOf(region)(zone)
}
