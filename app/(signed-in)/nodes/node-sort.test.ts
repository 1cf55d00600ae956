import { expect, test } from 'vitest'
import type { NodeView } from '@/server/domain/views'
import { nodeMatches, sortNodes, stateOf } from './node-sort'

const aNode = (nodeId: string, rest: Partial<NodeView> = {}): NodeView => ({
  id: nodeId,
  nodeId,
  nodeType: 'compute_node',
  region: 'us-east',
  status: 'active',
  cordoned: false,
  draining: false,
  simulated: true,
  labels: { disk: 'ssd' },
  engine: 'simulated',
  engineVersion: null,
  engineError: null,
  agentVersion: null,
  address: null,
  capacity: { cpuMillis: 4000, memoryMb: 4096, storageGb: 100, gpuUnits: 0 },
  reserved: { cpuMillis: 0, memoryMb: 0, storageGb: 0, gpuUnits: 0 },
  cpuUsagePercent: 0,
  memoryUsagePercent: 0,
  lastHeartbeat: '2026-01-01T00:00:00Z',
  stale: false,
  liveReplicas: 0,
  ineligible: null,
  createdAt: '2026-01-01T00:00:00Z',
  ...rest,
})

const names = (nodes: NodeView[]): string[] => nodes.map(({ nodeId }) => nodeId)

test('names are sorted as people count', () => {
  expect(names(sortNodes([aNode('node-10'), aNode('node-2')], 'name', 'asc'))).toEqual(['node-2', 'node-10'])
})

test('equals stay in the order of their names, in either direction', () => {
  const nodes = [aNode('b'), aNode('a'), aNode('c', { liveReplicas: 3 })]
  expect(names(sortNodes(nodes, 'replicas', 'desc'))).toEqual(['c', 'a', 'b'])
  expect(names(sortNodes(nodes, 'replicas', 'asc'))).toEqual(['a', 'b', 'c'])
})

test('a node that never reported is the oldest', () => {
  const nodes = [aNode('a'), aNode('b', { lastHeartbeat: null })]
  expect(names(sortNodes(nodes, 'heartbeat', 'asc'))).toEqual(['b', 'a'])
})

test('a silent node is offline, whatever it said last', () => {
  expect(stateOf(aNode('a', { stale: true, cordoned: true }))).toBe('offline')
  expect(stateOf(aNode('a', { cordoned: true }))).toBe('cordoned')
  expect(stateOf(aNode('a', { status: 'busy' }))).toBe('full')
  expect(stateOf(aNode('a', { status: 'idle' }))).toBe('ready')
})

test('is found by name, region and label', () => {
  for (const text of ['NODE-0', 'us-e', 'disk=ssd', 'compute']) expect(nodeMatches(aNode('node-01'), text)).toBe(true)
  expect(nodeMatches(aNode('node-01'), 'disk=hdd')).toBe(false)
})
