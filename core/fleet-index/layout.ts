/**
 * In which order nodes lie in the index. Neighbours should be alike, so that what is known of eight of them together
 * says much about each: nodes of one region, with or without GPUs, of similar capacity, equals by name.
 */

import { canonicalRegion } from '@/core/placement/regions'
import type { FleetNode } from '@/core/placement/types'
import { compareNames } from '@/core/scheduler/select/candidates'

interface Layout {
  /** The nodes by slot. */
  nodes: FleetNode[]
  /** By slot: the place in the order of names, by which ties are decided. */
  ranks: Int32Array
}

/** Each value's place among the distinct ones, squeezed into 16 bits. */
function quantised(values: readonly number[]): Uint16Array {
  const distinct = [...new Set(values)].sort((a, b) => a - b)
  const scale = Math.min(1, 65_536 / distinct.length)
  const places = new Map(distinct.map((value, place) => [value, Math.floor(place * scale)]))
  return Uint16Array.from(values, (value) => places.get(value) ?? 0)
}

/** The 16 bits with a zero before each. */
function spread(bits: number): number {
  let wide = bits
  wide = (wide | (wide << 8)) & 0x00ff00ff
  wide = (wide | (wide << 4)) & 0x0f0f0f0f
  wide = (wide | (wide << 2)) & 0x33333333
  return (wide | (wide << 1)) & 0x55555555
}

/** Along this curve neighbours are near in both dimensions (Morton 1966). */
const morton = (x: number, y: number): number => ((spread(x) << 1) | spread(y)) >>> 0

export function layOut(fleet: readonly FleetNode[]): Layout {
  const named = [...fleet].sort(compareNames)
  const regionNames = [...new Set(named.map((node) => canonicalRegion(node.region)))].sort()
  const regionNumbers = new Map(regionNames.map((name, number) => [name, number]))
  const regions = Int32Array.from(named, (node) => regionNumbers.get(canonicalRegion(node.region)) ?? 0)
  const gpus = Uint8Array.from(named, (node) => (node.capacity.gpuUnits > 0 ? 1 : 0))
  const cpu = quantised(named.map((node) => node.capacity.cpuMillis))
  const memory = quantised(named.map((node) => node.capacity.memoryMb))
  const curve = Float64Array.from(named, (_, at) => morton(cpu[at] ?? 0, memory[at] ?? 0))
  const by = (keys: Int32Array | Uint8Array | Float64Array, a: number, b: number): number =>
    (keys[a] ?? 0) - (keys[b] ?? 0)
  const ranks = Int32Array.from(named, (_, at) => at).sort(
    (a, b) => by(regions, a, b) || by(gpus, a, b) || by(curve, a, b) || a - b,
  )
  return { nodes: Array.from(ranks, (rank) => named[rank] as FleetNode), ranks }
}
