/** Fleets of four shapes, and a stream of deployments for them; the same seed always gives the same. */
import type { FleetNode, PlacementRequest } from '@/core/placement/types'

/** A small random number generator for 0..1 (mulberry32). */
export function drawing(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export const fleetShapes = ['few classes', 'all different', 'all the same', '90–100 % full'] as const
export type FleetShape = (typeof fleetShapes)[number]

export const shapeRegions = ['us-east', 'us-west', 'eu-west', 'eu-central', 'ap-southeast', 'sa-east'] as const

const between = (draw: () => number, from: number, to: number): number => from + Math.floor(draw() * (to - from + 1))

/** Properties in which nodes differ. */
interface Traits {
  cpuMillis: number
  memoryMb: number
  storageGb: number
  gpuUnits: number
  region: (typeof shapeRegions)[number] | undefined
  /** Shares of the capacity that are already reserved. */
  cpuHeld: number
  memoryHeld: number
  cpuUsage: number
  memoryUsage: number
}

const traitsOf: Record<FleetShape, (draw: () => number, index: number) => Traits> = {
  'few classes': (draw, index) => {
    const size = between(draw, 0, 2)
    const usage = 10 * between(draw, 1, 4)
    return {
      cpuMillis: 4000 << size,
      memoryMb: 8192 << (size + between(draw, 0, 1)),
      storageGb: 500,
      gpuUnits: between(draw, 0, 15) === 0 ? 4 : 0,
      region: shapeRegions[index % shapeRegions.length],
      cpuHeld: 0.25 * between(draw, 0, 2),
      memoryHeld: 0.25,
      cpuUsage: usage,
      memoryUsage: usage,
    }
  },
  'all different': (draw, index) => ({
    cpuMillis: between(draw, 4000, 64_000),
    memoryMb: between(draw, 8192, 131_072),
    storageGb: between(draw, 250, 2000),
    gpuUnits: between(draw, 0, 15) === 0 ? between(draw, 1, 8) : 0,
    region: shapeRegions[index % shapeRegions.length],
    cpuHeld: 0.8 * draw(),
    memoryHeld: 0.8 * draw(),
    cpuUsage: 100 * draw(),
    memoryUsage: 100 * draw(),
  }),
  'all the same': () => ({
    cpuMillis: 16_000,
    memoryMb: 32_768,
    storageGb: 500,
    gpuUnits: 0,
    region: 'us-east',
    cpuHeld: 0,
    memoryHeld: 0,
    cpuUsage: 20,
    memoryUsage: 20,
  }),
  '90–100 % full': (draw, index) => ({
    cpuMillis: between(draw, 4000, 64_000),
    memoryMb: between(draw, 8192, 131_072),
    storageGb: between(draw, 250, 2000),
    gpuUnits: 0,
    region: shapeRegions[index % shapeRegions.length],
    cpuHeld: 0.9 + 0.1 * draw(),
    memoryHeld: 0.9 + 0.1 * draw(),
    cpuUsage: 50 + 50 * draw(),
    memoryUsage: 50 + 50 * draw(),
  }),
}

export function shapedFleet(shape: FleetShape, count: number, seed = 7): FleetNode[] {
  const draw = drawing(seed)
  return Array.from({ length: count }, (_, index): FleetNode => {
    const traits = traitsOf[shape](draw, index)
    const { cpuMillis, memoryMb, storageGb, gpuUnits } = traits
    return {
      id: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
      nodeId: `node-${String(index + 1).padStart(7, '0')}`,
      nodeType: 'compute_node',
      region: traits.region ?? 'us-east',
      status: 'active',
      cordoned: false,
      draining: false,
      simulated: true,
      labels: {},
      latitude: null,
      longitude: null,
      engineError: null,
      capacity: { cpuMillis, memoryMb, storageGb, gpuUnits },
      reserved: {
        cpuMillis: Math.floor(cpuMillis * traits.cpuHeld),
        memoryMb: Math.floor(memoryMb * traits.memoryHeld),
        storageGb: Math.floor(storageGb * 0.2),
        gpuUnits: 0,
      },
      cpuUsagePercent: traits.cpuUsage,
      memoryUsagePercent: traits.memoryUsage,
      heartbeatAgeMs: 1000,
      unseen: { cpuMillis: 0, memoryMb: 0 },
      ownReplicas: 0,
    }
  })
}

/** Deployment number `index` of the stream: 3 replicas of varying size, in varying regions or anywhere. */
export function streamedRequest(index: number): PlacementRequest {
  const draw = drawing(index + 1)
  return {
    deploymentId: '00000000-0000-4000-8000-000000000000',
    replicas: 3,
    resources: {
      cpuMillis: 500 * between(draw, 1, 4),
      memoryMb: 512 * between(draw, 1, 4),
      storageGb: between(draw, 1, 20),
      gpuUnits: 0,
    },
    region: between(draw, 0, 3) === 0 ? null : (shapeRegions[between(draw, 0, shapeRegions.length - 1)] ?? null),
    constraints: [],
    maxPerNode: 1,
    avoidNodeIds: [],
  }
}
