/** Heartbeats: what updating a node's usage costs the index, compared with writing two numbers into arrays. */

import { median, timed } from '@/bench/common/measure'
import { FleetIndex, FleetTree } from '@/core/fleet-index'
import { localityFor } from '@/core/scheduler/scoring/locality'
import { drawing, shapedFleet } from '@/testing/fleets/fleet-shapes'

export interface HeartbeatRow {
  nodes: number
  /** Nanoseconds per heartbeat, medians over the rounds. */
  ns: { bare: number; index: number; caughtUp: number; bareById: number; indexById: number }
  /**
   * Medians of the ratios within each round. `caughtUp` includes bringing the tree up to date after a heartbeat of
   * every node.
   */
  ratios: { index: number; caughtUp: number; byId: number }
}

export function measureHeartbeats(nodes: number, rounds: number): HeartbeatRow {
  const fleet = shapedFleet('all different', nodes)
  const tree = new FleetTree(fleet, (region) => localityFor(region, { nodes: fleet, latencies: [] }))
  const index = new FleetIndex({ nodes: fleet, latencies: [] })
  const draw = drawing(3)
  // Heartbeats arrive in a random order.
  const order = Int32Array.from({ length: nodes }, (_, at) => at)
  for (let at = nodes - 1; at > 0; at--) {
    const other = Math.floor(draw() * (at + 1))
    const moved = order[at] ?? 0
    order[at] = order[other] ?? 0
    order[other] = moved
  }
  const ids = Array.from(order, (at) => fleet[at]?.id ?? '')
  const slots = new Map(fleet.map(({ id }, slot) => [id, slot]))
  const cpu = new Float64Array(nodes)
  const memory = new Float64Array(nodes)
  let beat = 0
  const bare = () => {
    beat++
    for (let at = 0; at < nodes; at++) {
      const slot = order[at] as number
      cpu[slot] = (at + beat) % 100
      memory[slot] = (at + 2 * beat) % 100
    }
  }
  const bareById = () => {
    beat++
    for (let at = 0; at < nodes; at++) {
      const slot = slots.get(ids[at] as string) as number
      cpu[slot] = (at + beat) % 100
      memory[slot] = (at + 2 * beat) % 100
    }
  }
  const usageAt = (at: number) => ({ cpuUsagePercent: (at + beat) % 100, memoryUsagePercent: (at + 2 * beat) % 100 })
  const bySlot = () => {
    beat++
    for (let at = 0; at < nodes; at++) tree.heartbeat(order[at] as number, usageAt(at))
  }
  const byId = () => {
    beat++
    for (let at = 0; at < nodes; at++) index.heartbeat(ids[at] as string, usageAt(at))
  }
  // One sample is some tens of thousands of heartbeats.
  const times = Math.max(1, Math.round(50_000 / nodes))
  const repeat = (run: () => void) =>
    1000 *
    (timed(times, (count) => {
      for (let at = 0; at < count; at++) run()
    }) /
      nodes)
  const samples = Array.from({ length: rounds + 3 }, () => ({
    bare: repeat(bare),
    index: repeat(bySlot),
    caughtUp: repeat(() => {
      bySlot()
      tree.refresh()
    }),
    bareById: repeat(bareById),
    indexById: repeat(byId),
  })).slice(3)
  const medianOf = (value: (sample: (typeof samples)[number]) => number) => median(samples.map(value))
  return {
    nodes,
    ns: {
      bare: medianOf((one) => one.bare),
      index: medianOf((one) => one.index),
      caughtUp: medianOf((one) => one.caughtUp),
      bareById: medianOf((one) => one.bareById),
      indexById: medianOf((one) => one.indexById),
    },
    ratios: {
      index: medianOf((one) => one.index / one.bare),
      caughtUp: medianOf((one) => one.caughtUp / one.bare),
      byId: medianOf((one) => one.indexById / one.bareById),
    },
  }
}
