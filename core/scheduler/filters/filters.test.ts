import { describe, expect, it } from 'vitest'
import { nodeStatuses } from '@/core/placement/node-status'
import { constraintText } from '@/core/placement/preferences'
import { ruleNames } from '@/core/placement/types'
import { aNode, aRequest, idOf } from '@/testing/builders'
import { capacityOn, failuresOf, meetsAll, meetsAllBut, rules, withReplica } from './filters'

const messages = (request = aRequest(), node = aNode()): string[] =>
  failuresOf(request, node).map((failure) => failure.message)

describe('the rules', () => {
  it('are all rule names except `avoided`, in the order of the names', () => {
    expect([...rules.map((rule) => rule.name), 'avoided']).toEqual(ruleNames)
  })

  it('accept an idle, empty node', () => {
    expect(failuresOf(aRequest(), aNode())).toEqual([])
    expect(meetsAll(aRequest(), aNode())).toBe(true)
  })

  it('report every failing rule of a node, not only the first', () => {
    const other = { deployment: 'db', on: 'region' as const, required: true, weight: 50 }
    const request = aRequest({
      resources: { cpuMillis: 8000, memoryMb: 16384, storageGb: 500, gpuUnits: 1 },
      constraints: [{ key: 'disk', op: '=', values: ['ssd'] }],
      hostPorts: [80],
      placementRules: {
        preferences: [],
        spread: [{ across: 'zone', maxSkew: 1, weight: 0 }],
        affinity: [
          { ...other, kind: 'affinity', places: ['eu-west'] },
          { ...other, kind: 'anti-affinity', places: ['us-east'] },
        ],
      },
    })
    const node = aNode({
      ...{ status: 'busy', engineError: 'no space left', cordoned: true, draining: true, ownReplicas: 1 },
      takenPorts: [{ port: 80, holder: null, seenAgeMs: 0 }],
    })
    expect(failuresOf(request, node).map((failure) => failure.rule)).toEqual(
      ruleNames.filter((name) => name !== 'avoided'),
    )
    expect(meetsAll(request, node)).toBe(false)
  })

  it('can be checked without one of them', () => {
    const node = aNode({ cordoned: true })
    expect(meetsAllBut('cordoned', aRequest(), node)).toBe(true)
    expect(meetsAllBut('draining', aRequest(), node)).toBe(false)
  })
})

describe('status', () => {
  it('excludes all but idle and active nodes', () => {
    expect(nodeStatuses.filter((status) => meetsAll(aRequest(), aNode({ status })))).toEqual(['idle', 'active'])
  })

  it('tells for how long a node has been offline', () => {
    expect(messages(aRequest(), aNode({ status: 'offline', heartbeatAgeMs: 42_400 }))).toEqual([
      'is offline: its last heartbeat came 42 s ago',
    ])
    expect(messages(aRequest(), aNode({ status: 'offline', heartbeatAgeMs: null }))).toEqual([
      'is offline: it never sent a heartbeat',
    ])
  })

  it('names the other states that exclude a node', () => {
    expect(messages(aRequest(), aNode({ status: 'busy' }))).toEqual(['is busy and takes no new replicas'])
    expect(messages(aRequest(), aNode({ status: 'maintenance' }))).toEqual(['is in maintenance'])
    expect(messages(aRequest(), aNode({ cordoned: true }))).toEqual([
      'is cordoned: it takes no new replicas until somebody uncordons it',
    ])
    expect(messages(aRequest(), aNode({ draining: true }))).toEqual([
      'is draining: its replicas are moving to other nodes',
    ])
    expect(messages(aRequest(), aNode({ engineError: 'connect ENOENT docker.sock' }))).toEqual([
      'it can not run containers: connect ENOENT docker.sock',
    ])
  })
})

describe('resources', () => {
  it('are compared after reservations, not by raw capacity', () => {
    // 2 cores would fit in a capacity of 4, but 3.5 are reserved.
    const node = aNode({ capacity: { cpuMillis: 4000 }, reserved: { cpuMillis: 3500 } })
    expect(failuresOf(aRequest({ resources: { cpuMillis: 2000 } }), node)).toEqual([
      {
        rule: 'cpu',
        message: 'needs 2 cores, 0.5 are free of 4',
        needed: 2000,
        available: 500,
        shortfall: 1500,
      },
    ])
  })

  it('accept a request that fits exactly and refuse one unit more', () => {
    const node = aNode({
      capacity: { cpuMillis: 4000, memoryMb: 8192, storageGb: 100, gpuUnits: 2 },
      reserved: { cpuMillis: 1000, memoryMb: 1024, storageGb: 10, gpuUnits: 1 },
    })
    const exact = { cpuMillis: 3000, memoryMb: 7168, storageGb: 90, gpuUnits: 1 }
    expect(failuresOf(aRequest({ resources: exact }), node)).toEqual([])
    for (const field of ['cpuMillis', 'memoryMb', 'storageGb', 'gpuUnits'] as const) {
      const failures = failuresOf(aRequest({ resources: { ...exact, [field]: exact[field] + 1 } }), node)
      expect(failures).toHaveLength(1)
      expect(failures[0]?.shortfall).toBe(1)
    }
  })

  it('explain a shortage in sentences with units', () => {
    const request = aRequest({ resources: { cpuMillis: 1250, memoryMb: 2048, storageGb: 20, gpuUnits: 2 } })
    const node = aNode({
      capacity: { cpuMillis: 1000, memoryMb: 4096, storageGb: 64, gpuUnits: 1 },
      reserved: { cpuMillis: 250, memoryMb: 3584, storageGb: 60 },
    })
    expect(messages(request, node)).toEqual([
      'needs 1.25 cores, 0.75 are free of 1',
      'needs 2 GiB of memory, 512 MiB are free of 4 GiB',
      'needs 20 GiB of storage, 4 GiB are free of 64 GiB',
      'needs 2 GPUs, 1 is free of 1',
    ])
    expect(messages(aRequest({ resources: { gpuUnits: 1 } }))).toEqual(['needs 1 GPU, it has none'])
  })

  it('are not short if not requested, even on a node with more reserved than it has', () => {
    const shrunk = aNode({ capacity: { gpuUnits: 0 }, reserved: { gpuUnits: 1 } })
    expect(failuresOf(aRequest(), shrunk)).toEqual([])
    const overReserved = aNode({ capacity: { cpuMillis: 1000 }, reserved: { cpuMillis: 2000 } })
    expect(messages(aRequest(), overReserved)).toEqual(['needs 1 core, 0 are free of 1'])
  })
})

describe('labels', () => {
  const node = aNode({ labels: { disk: 'ssd', zone: 'c' } })
  const failing = (constraints: Parameters<typeof constraintText>[0][]): string[] =>
    messages(aRequest({ constraints }), node)

  it('meets = only with the same value', () => {
    expect(failing([{ key: 'disk', op: '=', values: ['ssd'] }])).toEqual([])
    expect(failing([{ key: 'disk', op: '=', values: ['hdd'] }])).toEqual(['label disk is ssd, needs hdd'])
    expect(failing([{ key: 'gpu', op: '=', values: ['a100'] }])).toEqual(['has no label gpu, needs gpu = a100'])
  })

  it('meets != with another value or without the label', () => {
    expect(failing([{ key: 'disk', op: '!=', values: ['hdd'] }])).toEqual([])
    expect(failing([{ key: 'gpu', op: '!=', values: ['a100'] }])).toEqual([])
    expect(failing([{ key: 'disk', op: '!=', values: ['ssd'] }])).toEqual(['label disk is ssd, which is ruled out'])
  })

  it('meets in with any of the values', () => {
    expect(failing([{ key: 'zone', op: 'in', values: ['a', 'c'] }])).toEqual([])
    expect(failing([{ key: 'zone', op: 'in', values: ['a', 'b'] }])).toEqual(['label zone is c, needs one of a, b'])
    expect(failing([{ key: 'rack', op: 'in', values: ['a', 'b'] }])).toEqual(['has no label rack, needs rack in a, b'])
    expect(failing([{ key: 'zone', op: 'in', values: [] }])).toEqual(['label zone is c, needs one of nothing'])
  })

  it('meets exists with any value', () => {
    expect(failing([{ key: 'zone', op: 'exists', values: [] }])).toEqual([])
    expect(failing([{ key: 'gpu', op: 'exists', values: [] }])).toEqual(['has no label gpu'])
  })

  it('lists each failing constraint', () => {
    const constraints = [
      { key: 'disk', op: '=' as const, values: ['hdd'] },
      { key: 'zone', op: 'exists' as const, values: [] },
      { key: 'gpu', op: 'exists' as const, values: [] },
    ]
    expect(failing(constraints)).toEqual(['label disk is ssd, needs hdd', 'has no label gpu'])
  })

  it('does not treat inherited properties of objects as labels', () => {
    expect(failing([{ key: 'constructor', op: 'exists', values: [] }])).toEqual(['has no label constructor'])
  })

  it('formats constraints for people', () => {
    expect(constraintText({ key: 'zone', op: 'in', values: ['a', 'b'] })).toBe('zone in a, b')
    expect(constraintText({ key: 'gpu', op: 'exists', values: [] })).toBe('gpu exists')
  })
})

describe('replicas per node', () => {
  it('refuses another replica on a node where the deployment has reached its limit', () => {
    expect(messages(aRequest(), aNode({ ownReplicas: 1 }))).toEqual([
      'already holds 1 replica of this deployment, at most 1 per node is allowed',
    ])
    expect(messages(aRequest({ maxPerNode: 3 }), aNode({ ownReplicas: 3 }))).toEqual([
      'already holds 3 replicas of this deployment, at most 3 per node are allowed',
    ])
    expect(messages(aRequest({ maxPerNode: 3 }), aNode({ ownReplicas: 2 }))).toEqual([])
  })

  it('fits as many as the scarcest resource and the limit allow', () => {
    // cpu 4/1 = 4, memory 8192/1024 = 8, storage 100/10 = 10
    expect(capacityOn(aRequest({ maxPerNode: 9 }), aNode())).toBe(4)
    expect(capacityOn(aRequest({ maxPerNode: 9 }), aNode({ reserved: { memoryMb: 5000 } }))).toBe(3)
    expect(
      capacityOn(aRequest({ maxPerNode: 9, resources: { gpuUnits: 1 } }), aNode({ capacity: { gpuUnits: 2 } })),
    ).toBe(2)
    expect(capacityOn(aRequest({ maxPerNode: 3 }), aNode({ ownReplicas: 1 }))).toBe(2)
    expect(capacityOn(aRequest(), aNode())).toBe(1)
    expect(capacityOn(aRequest({ maxPerNode: 9 }), aNode({ cordoned: true }))).toBe(0)
  })

  it('agrees with placing one replica after the other until a rule fails', () => {
    const request = aRequest({ maxPerNode: 9, resources: { cpuMillis: 700 } })
    let node = aNode()
    let placed = 0
    for (; meetsAll(request, node); placed++) node = withReplica(request, node)
    expect(placed).toBe(5)
    expect(capacityOn(request, aNode())).toBe(5)
    expect(node.reserved).toEqual({ cpuMillis: 3500, memoryMb: 5120, storageGb: 50, gpuUnits: 0 })
    expect(node.unseen).toEqual({ cpuMillis: 3500, memoryMb: 5120 })
  })
})

describe('host ports', () => {
  const db = { deploymentId: idOf('db'), name: 'db' }
  const own = { deploymentId: idOf('deployment'), name: 'web' }
  const node = aNode({
    nodeId: 'real-2',
    takenPorts: [
      { port: 80, holder: null, seenAgeMs: 125_000 },
      { port: 81, holder: null, seenAgeMs: 40_000 },
      { port: 8080, holder: db, seenAgeMs: null },
      { port: 8081, holder: own, seenAgeMs: null },
    ],
  })

  it('names the replica that holds a port, or tells when another program was found on it', () => {
    expect(messages(aRequest({ hostPorts: [80, 81, 443, 8080, 8081] }), node)).toEqual([
      'host port 80 is taken by another program on real-2 (seen 2 min ago)',
      'host port 81 is taken by another program on real-2 (seen 40 s ago)',
      'host port 8080 is taken by db on real-2',
      'host port 8081 is taken by another replica of this deployment on real-2',
    ])
    expect(meetsAll(aRequest({ hostPorts: [443] }), node)).toBe(true)
    expect(meetsAll(aRequest(), node)).toBe(true)
  })

  it('allow one replica per node, whatever the limit of the deployment', () => {
    const request = aRequest({ hostPorts: [443], maxPerNode: 9 })
    expect(capacityOn(request, node)).toBe(1)
    const after = withReplica(request, node)
    expect(meetsAll(request, after)).toBe(false)
    expect(capacityOn(request, after)).toBe(0)
    expect(meetsAll(aRequest({ hostPorts: [444], maxPerNode: 9 }), after)).toBe(true)
  })
})
