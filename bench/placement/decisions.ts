/** Decisions: the index against the plain scheduler, a plain pass over columns, and that pass in C. */

import { median, timed } from '@/bench/common/measure'
import { FleetIndex } from '@/core/fleet-index'
import { type ChosenNode, defaultPolicy, type FleetNode } from '@/core/placement/types'
import { type FleetShape, fleetShapes, shapedFleet, shapeRegions, streamedRequest } from '@/testing/fleets/fleet-shapes'
import { type CompiledPass, CPass } from './c-pass'
import { classicRunner, indexRunner, plainRunner } from './contenders'

/** A fleet for which bounds say little: half of the nodes lack CPU, the others memory, and nothing fits. */
const hostile = 'hostile'
type BenchShape = FleetShape | typeof hostile
export const benchShapes: readonly BenchShape[] = [...fleetShapes, hostile]

export interface DecisionRow {
  shape: BenchShape
  nodes: number
  buildMs: number
  /** Mean microseconds of one decision with its reservations, by contender; medians over the rounds. */
  us: { index: number; classic: number | null; plain: number; c: number | null }
  /** Medians of the ratios within each round. */
  timesClassic: number | null
  shareOfPlain: number
  shareOfC: number | null
}

function benchFleet(shape: BenchShape, count: number): FleetNode[] {
  if (shape !== hostile) return shapedFleet(shape, count)
  return shapedFleet('all different', count).map((node, at) => ({
    ...node,
    reserved: {
      ...node.reserved,
      ...(Math.floor(at / shapeRegions.length) % 2 === 0
        ? { cpuMillis: node.capacity.cpuMillis }
        : { memoryMb: node.capacity.memoryMb }),
    },
  }))
}

/** How many decisions make a sample of a few milliseconds. */
const samples = (nodes: number) => ({
  index: 3000,
  classic: Math.max(1, Math.round(20_000 / nodes)),
  plain: Math.max(3, Math.round(300_000 / nodes)),
})

const sameChoice = (a: readonly ChosenNode[], b: readonly ChosenNode[]): boolean =>
  a.length === b.length && a.every(({ id, score }, at) => id === b[at]?.id && score === b[at]?.score)

interface Setting {
  rounds: number
  compiled: CompiledPass | null
  /** The plain scheduler takes most of a second for a million nodes. */
  withClassic: boolean
}

export async function measureDecisions(shape: BenchShape, nodes: number, setting: Setting): Promise<DecisionRow> {
  const fleet = benchFleet(shape, nodes)
  const startedMs = performance.now()
  const fleetIndex = new FleetIndex({ nodes: fleet, latencies: [] })
  fleetIndex.decide(streamedRequest(0), defaultPolicy)
  const buildMs = performance.now() - startedMs
  const index = indexRunner(fleetIndex)
  const plain = plainRunner(fleet)
  const classic = setting.withClassic ? classicRunner(fleet) : null
  const c = setting.compiled ? new CPass(setting.compiled, fleet) : null
  const slots = new Map(fleet.map(({ id }, slot) => [id, slot]))
  try {
    // All contenders start with the same deployments and must choose the same nodes.
    for (const count of [1, 2, 3]) {
      const chosen = index(count)
      const others = [plain(count), ...(classic ? [classic(count)] : [])]
      const inC = c ? (await c.run(count)).slots.filter((slot) => slot >= 0) : []
      const differs = others.some((other) => !sameChoice(chosen, other))
      if (differs || (c && inC.join() !== chosen.map(({ id }) => slots.get(id)).join()))
        throw new Error(`${shape}, ${nodes} nodes: the ways choose differently`)
    }
    const counts = samples(nodes)
    index(4000)
    plain(counts.plain)
    const rounds: { index: number; classic: number | null; plain: number; c: number | null }[] = []
    for (let round = 0; round < setting.rounds; round++) {
      rounds.push({
        classic: classic && timed(counts.classic, classic),
        index: timed(counts.index, index),
        plain: timed(counts.plain, plain),
        c: c && (await c.run(counts.plain)).ns / 1000 / counts.plain,
      })
    }
    const medianOf = (value: (round: (typeof rounds)[number]) => number) => median(rounds.map(value))
    return {
      shape,
      nodes,
      buildMs,
      us: {
        index: medianOf((round) => round.index),
        classic: classic && medianOf((round) => round.classic ?? 0),
        plain: medianOf((round) => round.plain),
        c: c && medianOf((round) => round.c ?? 0),
      },
      timesClassic: classic && medianOf((round) => (round.classic ?? 0) / round.index),
      shareOfPlain: medianOf((round) => round.index / round.plain),
      shareOfC: c && medianOf((round) => round.index / (round.c ?? 0)),
    }
  } finally {
    c?.end()
  }
}
