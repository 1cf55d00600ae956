/** Random fleets and requests for property tests, chosen so that tight, tied and refused cases are all common. */
import fc from 'fast-check'
import type { Constraint } from '@/core/placement/constraint'
import type { TakenPort } from '@/core/placement/host-ports'
import type { Fleet, FleetNode, PlacementRequest, Policy } from '@/core/placement/types'
import { defaultPolicy } from '@/core/placement/types'
import { idOf } from '@/testing/builders'
import { placementRulesArbitrary } from './arbitrary-preferences'

const mostly = <T>(usual: T, ...others: T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 12, arbitrary: fc.constant(usual) }, ...others.map((other) => fc.constant(other)))

const usage = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 100 }) },
  { weight: 2, arbitrary: fc.double({ min: 0, max: 100, noNaN: true }) },
  { weight: 1, arbitrary: fc.constant(null) },
)

/** Regions with and without a row in the built-in latency table, and one alias. */
const region = fc.constantFrom('us-east', 'us-east-1', 'eu-west', 'ap-south', 'shop-1', 'shop-2')

const capacity = fc.record({
  cpuMillis: fc.constantFrom(2000, 4000, 8000),
  memoryMb: fc.constantFrom(2048, 4096, 8192, 16_384),
  storageGb: fc.constantFrom(20, 100, 500),
  gpuUnits: fc.constantFrom(0, 0, 0, 1, 4),
})

const shares = fc.record({
  cpu: fc.double({ min: 0, max: 1, noNaN: true }),
  memory: fc.double({ min: 0, max: 1, noNaN: true }),
  storage: fc.double({ min: 0, max: 1, noNaN: true }),
  gpu: fc.constantFrom(0, 0, 1),
})

type Located = Pick<FleetNode, 'latitude' | 'longitude'>
const nowhere: Located = { latitude: null, longitude: null }
const somewhere: fc.Arbitrary<Located> = fc.record({
  latitude: fc.double({ min: -90, max: 90, noNaN: true }),
  longitude: fc.double({ min: -180, max: 180, noNaN: true }),
})

/** Ports of other deployments and programs, from so few that requests often conflict with them. */
const takenPorts: fc.Arbitrary<TakenPort[]> = fc
  .uniqueArray(fc.constantFrom(80, 81, 443), { minLength: 1, maxLength: 2 })
  .chain((ports) =>
    fc.boolean().map((ours) =>
      ports.map((port) => ({
        port,
        holder: ours ? { deploymentId: idOf('other'), name: 'other' } : null,
        seenAgeMs: null,
      })),
    ),
  )

/** A node without its name. `full` moves its reservations towards its capacity. */
function nodeArbitrary(options: { located: boolean; full: boolean }): fc.Arbitrary<Omit<FleetNode, 'id' | 'nodeId'>> {
  return fc
    .record({
      region,
      status: mostly<FleetNode['status']>('idle', 'active', 'active', 'busy', 'offline', 'maintenance'),
      engineError: mostly<string | null>(null, 'connection refused'),
      cordoned: mostly(false, true),
      draining: mostly(false, true),
      labels: fc.dictionary(fc.constantFrom('disk', 'zone'), fc.constantFrom('a', 'b'), {
        maxKeys: 2,
        noNullPrototype: true,
      }),
      at: options.located ? fc.oneof(fc.constant(nowhere), somewhere) : fc.constant(nowhere),
      capacity,
      shares,
      cpuUsagePercent: usage,
      memoryUsagePercent: usage,
      heartbeatAgeMs: fc.constantFrom(null, 900, 45_000),
      unseen: mostly({ cpuMillis: 0, memoryMb: 0 }, { cpuMillis: 1000, memoryMb: 1024 }),
      ownReplicas: mostly(0, 1, 2),
      ports: fc.oneof({ weight: 2, arbitrary: fc.constant(null) }, takenPorts),
    })
    .map(({ at, shares: share, ports, ...node }) => {
      const part = (whole: number, value: number): number =>
        Math.floor(whole * (options.full ? 0.7 + 0.3 * value : 0.6 * value))
      const reserved = {
        cpuMillis: part(node.capacity.cpuMillis, share.cpu),
        memoryMb: part(node.capacity.memoryMb, share.memory),
        storageGb: part(node.capacity.storageGb, share.storage),
        gpuUnits: Math.min(node.capacity.gpuUnits, share.gpu),
      }
      return {
        ...node,
        ...at,
        reserved,
        nodeType: 'compute_node',
        simulated: true,
        ...(ports && { takenPorts: ports }),
      }
    })
}

/**
 * Fleets whose nodes are all different, all equal, of a few kinds, or nearly full: the shapes that schedulers get
 * wrong.
 */
export function fleetArbitrary(options: { located: boolean; maxNodes: number }): fc.Arbitrary<Fleet> {
  const { located, maxNodes } = options
  const ample = nodeArbitrary({ located, full: false })
  const several = (node: typeof ample): fc.Arbitrary<Omit<FleetNode, 'id' | 'nodeId'>[]> =>
    fc.array(node, { maxLength: maxNodes, size: 'max' })
  const copies = fc
    .array(ample, { minLength: 1, maxLength: 2 })
    .chain((kinds) => fc.array(fc.constantFrom(...kinds), { minLength: 1, maxLength: maxNodes, size: 'max' }))
  const nodes = fc.oneof(several(ample), several(nodeArbitrary({ located, full: true })), copies)
  const latency = fc.record({
    fromRegion: region,
    toRegion: region,
    latencyMs: fc.oneof(fc.integer({ min: 1, max: 250 }), fc.double({ min: 0.1, max: 250, noNaN: true })),
  })
  return fc.record({ nodes, latencies: fc.array(latency, { maxLength: 4 }) }).map((fleet) => ({
    ...fleet,
    // Numbers without leading zeros, so that node-10 sorts before node-2, and names sort differently from the list.
    nodes: fleet.nodes.map((node, index) => ({ ...node, id: idOf(`node-${index + 1}`), nodeId: `node-${index + 1}` })),
  }))
}

const noConstraints: fc.Arbitrary<Constraint[]> = fc.constant([])
const constraint: fc.Arbitrary<Constraint> = fc.record({
  key: fc.constantFrom('disk', 'zone'),
  op: fc.constantFrom('=', '!=', 'in', 'exists'),
  values: fc.constantFrom(['a'], ['b'], ['a', 'b']),
})

const someConstraints = fc.array(constraint, { minLength: 1, maxLength: 2 })

const hostPorts = fc
  .uniqueArray(fc.constantFrom(80, 443, 8080), { minLength: 1, maxLength: 2 })
  .map((ports) => ports.sort((a, b) => a - b))

const portlessRequest: fc.Arbitrary<PlacementRequest> = fc.record({
  deploymentId: fc.constant(idOf('deployment')),
  replicas: fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 8 })),
  resources: fc.record({
    cpuMillis: fc.constantFrom(500, 500, 750, 1000, 2000),
    memoryMb: fc.constantFrom(512, 512, 1000, 2048),
    storageGb: fc.constantFrom(1, 5, 10, 60),
    gpuUnits: mostly(0, 1, 2),
  }),
  region: fc.option(region, { nil: null, freq: 3 }),
  constraints: fc.oneof({ weight: 5, arbitrary: noConstraints }, someConstraints),
  maxPerNode: fc.constantFrom(1, 1, 2, 5),
  avoidNodeIds: fc.oneof(
    fc.constant<string[]>([]),
    fc.subarray(['node-1', 'node-2', 'node-3', 'node-4'].map(idOf), { minLength: 1 }),
  ),
})

/** Requests that sometimes have fixed host ports. */
const plainRequest: fc.Arbitrary<PlacementRequest> = fc.oneof(
  { weight: 2, arbitrary: portlessRequest },
  {
    weight: 1,
    arbitrary: fc.tuple(portlessRequest, hostPorts).map(([request, ports]) => ({ ...request, hostPorts: ports })),
  },
)

/** Requests with preferences. */
const requestWithRulesArbitrary: fc.Arbitrary<PlacementRequest> = fc
  .tuple(plainRequest, placementRulesArbitrary)
  .map(([request, placementRules]) => ({ ...request, placementRules }))

export const requestArbitrary: fc.Arbitrary<PlacementRequest> = fc.oneof(
  { weight: 3, arbitrary: plainRequest },
  { weight: 2, arbitrary: requestWithRulesArbitrary },
)

export const policyArbitrary: fc.Arbitrary<Policy> = fc.oneof(
  { weight: 3, arbitrary: fc.constant(defaultPolicy) },
  fc
    .tuple(fc.integer({ min: 0, max: 10 }), fc.integer({ min: 0, max: 10 }))
    .map(([a, b]) => [Math.min(a, b) / 10, Math.abs(a - b) / 10, 1 - Math.max(a, b) / 10] as const)
    .chain(([resources, load, locality]) =>
      fc.boolean().map((packing): Policy => {
        const policy = { name: 'drawn', weights: { resources, load, locality } }
        return packing ? { ...policy, packing } : policy
      }),
    ),
)
