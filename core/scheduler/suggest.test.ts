import { describe, expect, it } from 'vitest'
import { defaultPolicy, type FleetNode, type Suggestion } from '@/core/placement/types'
import { aFleet, aNode, aRequest, someNodes } from '@/testing/builders'
import { place } from './place'

function suggestions(nodes: FleetNode[], overrides: Parameters<typeof aRequest>[0]): Suggestion[] {
  const { refusal } = place(aRequest(overrides), aFleet(nodes), defaultPolicy)
  if (!refusal) throw new Error('expected a refusal')
  return refusal.suggestions
}

const messages = (nodes: FleetNode[], overrides: Parameters<typeof aRequest>[0]): string[] =>
  suggestions(nodes, overrides).map((suggestion) => suggestion.message)

describe('suggestions', () => {
  it('ask for as many replicas as fit', () => {
    expect(suggestions(someNodes(2, { capacity: { storageGb: 19 } }), { replicas: 10, maxPerNode: 3 })).toContainEqual({
      kind: 'replicas',
      message: 'Ask for 2 replicas instead of 10',
      from: 10,
      to: 2,
      nodeIds: [],
    })
    expect(messages([], { replicas: 10 })).toEqual([])
  })

  it('speak of additional replicas for a deployment that already has some', () => {
    const nodes = [aNode({ nodeId: 'node-01', ownReplicas: 1 }), aNode({ nodeId: 'node-02' })]
    expect(messages(nodes, { replicas: 4 })).toContain('Add 1 replica instead of 4')
  })

  it('ask for less CPU, in tenths of a core, and not below the minimum', () => {
    // 1.27 cores are free: 1.2 fits, 1.3 does not.
    const nodes = someNodes(1, { reserved: { cpuMillis: 2730 } })
    expect(suggestions(nodes, { resources: { cpuMillis: 2000 } })).toEqual([
      { kind: 'cpu', message: 'Ask for 1.2 cores instead of 2', from: 2000, to: 1200, nodeIds: [] },
    ])
    expect(messages(someNodes(1, { reserved: { cpuMillis: 3500 } }), {})).toEqual(['Ask for 0.5 cores instead of 1'])
    expect(messages(someNodes(1, { reserved: { cpuMillis: 3501 } }), {})).toEqual([])
  })

  it('ask for less memory, down to a multiple of 64 MiB', () => {
    // 1600 MiB are free on two nodes and 1500 on the third, which decides: 23 × 64 = 1472.
    const nodes = [6592, 6592, 6692].map((memoryMb, index) =>
      aNode({ nodeId: `node-0${index + 1}`, reserved: { memoryMb } }),
    )
    expect(suggestions(nodes, { replicas: 3, resources: { memoryMb: 2048 } })).toContainEqual({
      kind: 'memory',
      message: 'Ask for 1472 MiB of memory instead of 2 GiB',
      from: 2048,
      to: 1472,
      nodeIds: [],
    })
  })

  it('ask for less storage, and for fewer GPUs or none', () => {
    expect(messages(someNodes(1), { resources: { storageGb: 120 } })).toEqual([
      'Ask for 100 GiB of storage instead of 120 GiB',
    ])
    expect(
      messages(someNodes(1, { capacity: { gpuUnits: 3 }, reserved: { gpuUnits: 1 } }), { resources: { gpuUnits: 4 } }),
    ).toEqual(['Ask for 2 GPUs instead of 4'])
    expect(messages(someNodes(1), { resources: { gpuUnits: 1 } })).toEqual(['Ask for no GPU instead of 1'])
  })

  it('use the nearest free host port, or a random one', () => {
    const taken = (...ports: number[]) => ports.map((port) => ({ port, holder: null, seenAgeMs: null }))
    const nodes = [
      aNode({ nodeId: 'node-01', takenPorts: taken(8080, 8081) }),
      aNode({ nodeId: 'node-02', takenPorts: taken(8080, 8083) }),
    ]
    expect(suggestions(nodes, { replicas: 2, hostPorts: [8080] })).toEqual([
      { kind: 'host-ports', message: 'Use host port 8082 instead of 8080', from: 8080, to: 8082, nodeIds: [] },
      {
        kind: 'host-ports',
        message: 'Let the engine pick a free host port instead of 8080',
        from: 8080,
        to: null,
        nodeIds: [],
      },
    ])
    // With two taken ports no single change helps, only dropping all of them.
    expect(messages(nodes, { replicas: 2, hostPorts: [8080, 8081] })).toEqual(['Let the engine pick all host ports'])
    // No change of ports helps when another rule fails, too.
    expect(messages(nodes, { replicas: 2, hostPorts: [8080], resources: { cpuMillis: 5000 } })).toEqual([])
  })

  it('reduce one resource only if no other rule fails', () => {
    const nodes = [
      aNode({ nodeId: 'node-01', reserved: { memoryMb: 8000, cpuMillis: 3900 } }),
      aNode({ nodeId: 'node-02', reserved: { memoryMb: 7000 }, cordoned: true }),
    ]
    expect(messages(nodes, { resources: { memoryMb: 2048 } })).toEqual([])
  })

  it('uncordon the fewest nodes: those with the most capacity', () => {
    const nodes = [
      aNode({ nodeId: 'node-01', cordoned: true, reserved: { cpuMillis: 3000 } }),
      aNode({ nodeId: 'node-02', cordoned: true }),
      aNode({ nodeId: 'node-03', cordoned: true, status: 'offline' }),
      aNode({ nodeId: 'node-04', cordoned: true, reserved: { cpuMillis: 2000 } }),
      aNode({ nodeId: 'node-05', cordoned: true, reserved: { cpuMillis: 4000 } }),
    ]
    // 4 on node-02 and 2 on node-04 are enough for 5; node-01 has capacity for only 1.
    expect(suggestions(nodes, { replicas: 5, maxPerNode: 4 })).toEqual([
      {
        kind: 'uncordon',
        message: 'Uncordon node-02 and node-04',
        from: null,
        to: null,
        nodeIds: ['node-02', 'node-04'],
      },
    ])
    expect(messages(nodes, { replicas: 8, maxPerNode: 4 })).toEqual([])
  })

  it('stop draining nodes', () => {
    const nodes = [aNode({ nodeId: 'node-01' }), aNode({ nodeId: 'node-02', draining: true })]
    expect(suggestions(nodes, { replicas: 2 })).toContainEqual({
      kind: 'undrain',
      message: 'Stop draining node-02',
      from: null,
      to: null,
      nodeIds: ['node-02'],
    })
    // A node that is both cordoned and draining needs two changes.
    expect(messages([aNode({ draining: true, cordoned: true })], {})).toEqual([])
  })

  it('name only the first of many nodes', () => {
    const nodes = someNodes(7, { cordoned: true })
    expect(messages(nodes, { replicas: 7 })).toEqual([
      'Uncordon 7 nodes: node-01, node-02, node-03, node-04, node-05 and 2 more',
    ])
    expect(messages(nodes, { replicas: 3 })).toEqual(['Uncordon node-01, node-02 and node-03'])
  })

  it('allow more replicas per node: the smallest number that fits', () => {
    // Each of two nodes takes 4 replicas of 1 core: 7 need 4 per node, and 9 never fit.
    expect(suggestions(someNodes(2), { replicas: 7 })).toContainEqual({
      kind: 'max-per-node',
      message: 'Allow 4 replicas per node instead of 1',
      from: 1,
      to: 4,
      nodeIds: [],
    })
    expect(messages(someNodes(2), { replicas: 9 })).toEqual(['Ask for 2 replicas instead of 9'])
  })

  it('drop a rule that excludes too many nodes', () => {
    const constraints = [
      { key: 'disk', op: '=' as const, values: ['ssd'] },
      { key: 'zone', op: 'in' as const, values: ['a', 'b'] },
    ]
    const nodes = [
      aNode({ nodeId: 'node-01', labels: { zone: 'a' } }),
      aNode({ nodeId: 'node-02', labels: { zone: 'c' } }),
    ]
    expect(messages(nodes, { constraints })).toEqual(['Drop the rule “disk = ssd”'])
  })

  it('are sorted by how little they change', () => {
    // Ten nodes: nine have 1 core and 7 GiB free, the tenth has 960 MiB of memory and is short of 64.
    const nodes = [
      ...someNodes(9),
      aNode({ nodeId: 'node-10', reserved: { memoryMb: 7232 } }),
      aNode({ nodeId: 'node-11', cordoned: true }),
    ]
    // memory 64/1024 = 0.0625; uncordon 1/11 = 0.0909; replicas 1/10 = 0.1; per node 1/2 = 0.5
    expect(messages(nodes, { replicas: 10 })).toEqual([
      'Ask for 960 MiB of memory instead of 1 GiB',
      'Uncordon node-11',
      'Ask for 9 replicas instead of 10',
      'Allow 2 replicas per node instead of 1',
    ])
  })
})
