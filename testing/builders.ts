/** Nodes, requests and fleets for tests: sensible defaults, and overrides for what a test is about. */

import { noResources } from '@/core/placement/resources'
import type { Fleet, FleetNode, MeasuredLatency, PlacementRequest } from '@/core/placement/types'
import type { ReplicaAttempt } from '@/core/plan/types'

type Overrides<T, Nested extends keyof T> = Partial<Omit<T, Nested>> & { [K in Nested]?: Partial<T[K]> }

/** A UUID derived from a name: the same name gives the same UUID. */
export function idOf(name: string): string {
  let hash = 0x811c9dc5
  let hex = ''
  for (let round = 0; hex.length < 32; round++) {
    for (const character of `${name}#${round}`) {
      hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0
    }
    hex += hash.toString(16).padStart(8, '0')
  }
  // Version 4, variant 1, so that every UUID check accepts it.
  const digits = `${hex.slice(0, 12)}4${hex.slice(13, 16)}8${hex.slice(17)}`
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/**
 * An empty, idle node with 4 cores, 8 GiB of memory, 100 GiB of storage and no GPU in us-east, with a heartbeat a
 * second ago.
 */
export function aNode(overrides: Overrides<FleetNode, 'capacity' | 'reserved' | 'unseen'> = {}): FleetNode {
  const nodeId = overrides.nodeId ?? 'node-01'
  return {
    id: idOf(nodeId),
    nodeType: 'compute_node',
    region: 'us-east',
    status: 'idle',
    cordoned: false,
    draining: false,
    simulated: true,
    labels: {},
    latitude: null,
    longitude: null,
    engineError: null,
    cpuUsagePercent: 0,
    memoryUsagePercent: 0,
    heartbeatAgeMs: 1000,
    ownReplicas: 0,
    ...overrides,
    nodeId,
    capacity: { cpuMillis: 4000, memoryMb: 8192, storageGb: 100, gpuUnits: 0, ...overrides.capacity },
    reserved: { ...noResources, ...overrides.reserved },
    unseen: { cpuMillis: 0, memoryMb: 0, ...overrides.unseen },
  }
}

/** The first attempt at slot 0, which runs on node-01. */
export const anAttempt = (overrides: Partial<ReplicaAttempt> = {}): ReplicaAttempt => ({
  id: `replica-${overrides.slot ?? 0}-${overrides.generation ?? 1}`,
  nodeId: 'node-01',
  nodeDraining: false,
  slot: 0,
  generation: 1,
  version: 1,
  revision: 1,
  status: 'running',
  wanted: 'run',
  reserved: true,
  health: null,
  restartsInARow: 0,
  restarts: 0,
  reason: null,
  startedAt: null,
  finishedAt: null,
  ...overrides,
})

/** One replica of 1 core, 1 GiB of memory and 10 GiB of storage, anywhere. */
export function aRequest(overrides: Overrides<PlacementRequest, 'resources'> = {}): PlacementRequest {
  return {
    deploymentId: idOf('deployment'),
    replicas: 1,
    region: null,
    constraints: [],
    maxPerNode: 1,
    avoidNodeIds: [],
    ...overrides,
    resources: { cpuMillis: 1000, memoryMb: 1024, storageGb: 10, gpuUnits: 0, ...overrides.resources },
  }
}

export const aFleet = (nodes: FleetNode[], latencies: MeasuredLatency[] = []): Fleet => ({ nodes, latencies })

/** `count` nodes named node-01, node-02, … that differ from the default only by the overrides. */
export const someNodes = (count: number, overrides: Parameters<typeof aNode>[0] = {}): FleetNode[] =>
  Array.from({ length: count }, (_, index) =>
    aNode({ ...overrides, nodeId: `node-${String(index + 1).padStart(2, '0')}` }),
  )
