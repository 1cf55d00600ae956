/** Where a node is: the places over which replicas are spread, and by which they are near others or away from them. */

import { memoized } from '@/core/placement/memo'
import { type Topology, zoneLabel } from '@/core/placement/preferences'
import { canonicalRegion } from '@/core/placement/regions'
import type { FleetNode } from '@/core/placement/types'

/** What of a node says where it is. */
export type Located = Pick<FleetNode, 'id' | 'region' | 'labels'>

/** A label's value; labels named like parts of every object ("constructor") are no labels unless somebody set them. */
export const labelOf = (node: Located, key: string): string | null =>
  Object.hasOwn(node.labels, key) ? (node.labels[key] ?? null) : null

/** The place of each zone of a region, made once: passes over all nodes ask for it again and again. */
const zonesOf = memoized((region) => memoized((zone) => `${region}/${zone}`, 1_000), 1_000)

/**
 * The place of a node, the same text for the same place; null for a node that does not say in which zone it is. A zone
 * belongs to its region: zone a of us-east and zone a of eu-west are two.
 */
export function placeOf(node: Located, on: Topology): string | null {
  if (on === 'node') return node.id
  const region = canonicalRegion(node.region)
  if (on === 'region') return region
  const zone = labelOf(node, zoneLabel)
  return zone === null ? null : zonesOf(region)(zone)
}
