import { describe, expect, it } from 'vitest'
import { defaultPolicy, type FleetNode, type Placement, type Verdict } from '@/core/placement/types'
import { aFleet, aNode, aRequest, idOf, someNodes } from '@/testing/builders'
import { withReplica } from './filters/filters'
import { place } from './place'

const run = (nodes: FleetNode[], overrides: Parameters<typeof aRequest>[0] = {}): Placement =>
  place(aRequest(overrides), aFleet(nodes), defaultPolicy)

const names = (placement: Placement): string[] => placement.chosen.map((chosen) => chosen.nodeId)

const verdictOf = (placement: Placement, nodeId: string): Verdict => {
  const verdict = placement.verdicts.find((one) => one.nodeId === nodeId)
  if (!verdict) throw new Error(`no verdict for ${nodeId}`)
  return verdict
}

describe('placing replicas', () => {
  it('scores three nodes 0.87, 0.84 and 0.81 and chooses them in that order', () => {
    // All have 8 cores and 16384 MiB, nothing reserved; the request is 2 cores and 2048 MiB, no region:
    // resources ((8−2)/8 + (16384−2048)/16384)/2 = (0.75 + 0.875)/2 = 0.8125 → × 0.4 = 0.325; locality 0.3
    // node-01: 0.15 × 0.80 + 0.15 × 0.84 = 0.246 → 0.871
    // node-02: 0.15 × 0.70 + 0.15 × 0.74 = 0.216 → 0.841
    // node-03: 0.15 × 0.60 + 0.15 × 0.64 = 0.186 → 0.811
    // node-04: 0.15 × 0.50 + 0.15 × 0.54 = 0.156 → 0.781
    const nodes = [1, 2, 3, 4].map((number) =>
      aNode({
        nodeId: `node-0${number}`,
        capacity: { cpuMillis: 8000, memoryMb: 16384 },
        cpuUsagePercent: 10 + 10 * number,
        memoryUsagePercent: 6 + 10 * number,
      }),
    )
    const placement = run(nodes.reverse(), { replicas: 3, resources: { cpuMillis: 2000, memoryMb: 2048 } })
    expect(names(placement)).toEqual(['node-01', 'node-02', 'node-03'])
    expect(placement.chosen.map((chosen) => chosen.score.toFixed(2))).toEqual(['0.87', '0.84', '0.81'])
    expect(placement.refusal).toBeNull()
    expect(placement.verdicts.map(({ nodeId, rank, chosen }) => ({ nodeId, rank, chosen }))).toEqual([
      { nodeId: 'node-01', rank: 1, chosen: 1 },
      { nodeId: 'node-02', rank: 2, chosen: 1 },
      { nodeId: 'node-03', rank: 3, chosen: 1 },
      { nodeId: 'node-04', rank: 4, chosen: 0 },
    ])
  })

  it('does not overcommit nodes', () => {
    // Each node has 4 cores; 3 are reserved. By raw capacity 2 cores fit on all three nodes, by free capacity on none.
    const nodes = someNodes(3, { capacity: { cpuMillis: 4000 }, reserved: { cpuMillis: 3000 } })
    const placement = run(nodes, { replicas: 3, resources: { cpuMillis: 2000 } })
    expect(placement.chosen).toEqual([])
    expect(placement.refusal?.message).toBe('Insufficient nodes: need 3, found 0 with capacity')
  })

  it('breaks ties by the smaller name in code units, whatever the order of the fleet', () => {
    // In most locales b sorts between A and Z or before B; code units put capitals first and node-10 before node-9.
    const nodes = ['node-9', 'node-10', 'Zebra', 'beta', 'ähre'].map((nodeId) => aNode({ nodeId }))
    const expected = ['Zebra', 'beta', 'node-10', 'node-9']
    expect(names(run(nodes, { replicas: 4 }))).toEqual(expected)
    expect(names(run([...nodes].reverse(), { replicas: 4 }))).toEqual(expected)
  })

  it('records every node: feasible ones by rank, then refused ones by name with every reason', () => {
    const placement = run(
      [
        aNode({ nodeId: 'node-04', status: 'offline', heartbeatAgeMs: 90_000 }),
        aNode({ nodeId: 'node-03', cordoned: true, reserved: { memoryMb: 8000 } }),
        aNode({ nodeId: 'node-02' }),
        aNode({ nodeId: 'node-01', cpuUsagePercent: 50 }),
      ],
      { replicas: 1 },
    )
    expect(placement.verdicts.map((verdict) => verdict.nodeId)).toEqual(['node-02', 'node-01', 'node-03', 'node-04'])
    expect(verdictOf(placement, 'node-03')).toMatchObject({ feasible: false, score: null, rank: null, parts: [] })
    expect(verdictOf(placement, 'node-03').failures.map((failure) => failure.rule)).toEqual(['cordoned', 'memory'])
    expect(verdictOf(placement, 'node-03').inputs.freeMemoryMb).toBe(192)
    expect(verdictOf(placement, 'node-04').failures.map((failure) => failure.message)).toEqual([
      'is offline: its last heartbeat came 90 s ago',
    ])
  })

  it('prefers nodes of the preferred region, then the nearest ones', () => {
    const nodes = ['ap-south', 'eu-west', 'us-central', 'us-east'].map((region) => aNode({ nodeId: region, region }))
    expect(names(run(nodes, { replicas: 4, region: 'us-east' }))).toEqual([
      'us-east',
      'us-central',
      'eu-west',
      'ap-south',
    ])
  })

  it('throws on a request for no replicas', () => {
    expect(() => run([aNode()], { replicas: 0 })).toThrow(RangeError)
    expect(() => run([aNode()], { replicas: 1.5 })).toThrow(RangeError)
  })
})

describe('a burst', () => {
  // big: 64 cores and idle; the others: 16 cores, 30 % in use. A replica takes 1/32 of big and 1/8 of the others.
  // big with k replicas: 0.4 × (1 − (k+1)/32) + 0.3 × (1 − k/32, once they count as load) + 0.3
  // the others, empty:   0.4 × 0.875 + 0.3 × 0.7 + 0.3 = 0.86
  // reservations alone:  k = 9 gives 0.875, still better; with load k = 5 gives 0.878 and k = 6 gives 0.856

  /** Deploys ten times, one replica each. Replicas are reserved; the argument says whether they count as load, too. */
  function burst(countUnseen: boolean): Map<string, number> {
    let nodes = [aNode({ nodeId: 'big', capacity: { cpuMillis: 64_000, memoryMb: 131_072, storageGb: 1000 } })].concat(
      someNodes(4, {
        capacity: { cpuMillis: 16_000, memoryMb: 32_768, storageGb: 1000 },
        cpuUsagePercent: 30,
        memoryUsagePercent: 30,
      }),
    )
    const placed = new Map<string, number>()
    for (let deployment = 0; deployment < 10; deployment++) {
      const request = aRequest({ resources: { cpuMillis: 2000, memoryMb: 4096 } })
      const [chosen] = place(request, aFleet(nodes), defaultPolicy).chosen
      if (!chosen) throw new Error('there is room for all')
      placed.set(chosen.nodeId, (placed.get(chosen.nodeId) ?? 0) + 1)
      nodes = nodes.map((node) => {
        if (node.id !== chosen.id) return node
        const after = withReplica(request, node)
        // The next deployment has no replicas of its own.
        return { ...after, ownReplicas: 0, unseen: countUnseen ? after.unseen : node.unseen }
      })
    }
    return placed
  }

  it('goes to one node when replicas placed a moment ago do not count as load', () => {
    expect(burst(false)).toEqual(new Map([['big', 10]]))
  })

  it('spreads when they count as load before any heartbeat includes them', () => {
    expect(Object.fromEntries(burst(true))).toEqual({ big: 6, 'node-01': 1, 'node-02': 1, 'node-03': 1, 'node-04': 1 })
  })
})

describe('several replicas per node', () => {
  it('are chosen one by one, each scored with those before it counted', () => {
    // 4 cores, 8192 MiB; each replica takes 1 core and 1024 MiB.
    // empty: resources (0.75 + 0.875)/2 = 0.8125 → 0.325; load 1 → 0.3; locality 0.3 → 0.925
    // with one: resources (0.5 + 0.75)/2 = 0.625 → 0.25; load (0.75 + 0.875)/2 = 0.8125 → 0.24375; 0.3 → 0.79375
    const placement = run([aNode({ nodeId: 'node-01' }), aNode({ nodeId: 'node-02', cpuUsagePercent: 60 })], {
      replicas: 3,
      maxPerNode: 2,
    })
    // node-02 empty: 0.325 + 0.3 × (0.4 + 1)/2 = 0.21 + 0.3 → 0.835, between the first and the second on node-01
    expect(names(placement)).toEqual(['node-01', 'node-02', 'node-01'])
    const scores = placement.chosen.map((chosen) => chosen.score)
    for (const [index, expected] of [0.925, 0.835, 0.79375].entries()) expect(scores[index]).toBeCloseTo(expected, 12)
    expect(verdictOf(placement, 'node-01')).toMatchObject({ chosen: 2, rank: 1 })
    expect(verdictOf(placement, 'node-01').score).toBeCloseTo(0.925, 12)
  })

  it('are limited by `maxPerNode`, by replicas already on the node and by free capacity', () => {
    const ample = aNode({ nodeId: 'roomy', capacity: { cpuMillis: 64_000, memoryMb: 65_536, storageGb: 1000 } })
    expect(names(run([ample], { replicas: 3, maxPerNode: 3 }))).toEqual(['roomy', 'roomy', 'roomy'])
    expect(run([ample], { replicas: 4, maxPerNode: 3 }).refusal?.found).toBe(3)
    expect(run([{ ...ample, ownReplicas: 2 }], { replicas: 2, maxPerNode: 3 }).refusal?.found).toBe(1)
    // 4 cores take four replicas of 1 core.
    expect(run([aNode()], { replicas: 5, maxPerNode: 9 }).refusal?.message).toBe(
      'Insufficient nodes: need 5, found 4 with capacity',
    )
  })
})

describe('avoided nodes', () => {
  const nodes = [
    aNode({ nodeId: 'node-01' }),
    ...['node-02', 'node-03'].map((nodeId) => aNode({ nodeId, cpuUsagePercent: 80 })),
  ]
  const avoidNodeIds = [idOf('node-01')]

  it('are skipped if the others can take all replicas, and the record says so', () => {
    const placement = run(nodes, { replicas: 2, avoidNodeIds })
    expect(names(placement)).toEqual(['node-02', 'node-03'])
    const verdict = verdictOf(placement, 'node-01')
    expect(verdict).toMatchObject({ feasible: false, score: null })
    expect(verdict.failures).toEqual([
      {
        rule: 'avoided',
        message: 'an attempt failed here before, and other nodes can take all replicas',
        needed: null,
        available: null,
        shortfall: null,
      },
    ])
  })

  it('come last when the others cannot take all, and the record says so', () => {
    const placement = run(nodes, { replicas: 3, avoidNodeIds })
    expect(names(placement)).toEqual(['node-02', 'node-03', 'node-01'])
    const verdict = verdictOf(placement, 'node-01')
    expect(verdict).toMatchObject({ feasible: true, rank: 3, chosen: 1, failures: [] })
    expect(verdict.notes).toEqual([
      'an attempt failed here before; it comes after all others, which cannot take all replicas',
    ])
  })

  it('count as capacity when the run is refused', () => {
    const placement = run(nodes, { replicas: 4, avoidNodeIds })
    expect(placement.refusal?.message).toBe('Insufficient nodes: need 4, found 3 with capacity')
    expect(verdictOf(placement, 'node-01').feasible).toBe(true)
  })

  it('keep their other failures when they fail a rule anyway', () => {
    const placement = run([aNode({ nodeId: 'node-01', cordoned: true }), aNode({ nodeId: 'node-02' })], {
      avoidNodeIds,
    })
    expect(verdictOf(placement, 'node-01').failures.map((failure) => failure.rule)).toEqual(['cordoned'])
  })
})

describe('a refusal', () => {
  it('counts the reasons per rule, the most frequent first, each node once per rule', () => {
    const constraints = [
      { key: 'disk', op: 'exists' as const, values: [] },
      { key: 'zone', op: 'exists' as const, values: [] },
    ]
    const ready = { labels: { disk: 'ssd', zone: 'a' } }
    const placement = run(
      [
        aNode({ nodeId: 'node-05', ...ready }),
        aNode({ nodeId: 'node-04', ...ready, cordoned: true, reserved: { memoryMb: 8000 } }),
        aNode({ nodeId: 'node-03', ...ready, reserved: { memoryMb: 8000 } }),
        aNode({ nodeId: 'node-02', ...ready, reserved: { memoryMb: 8000 } }),
        aNode({ nodeId: 'node-01' }),
      ],
      { replicas: 2, constraints },
    )
    expect(placement.chosen).toEqual([])
    expect(placement.refusal).toMatchObject({
      needed: 2,
      found: 1,
      message: 'Insufficient nodes: need 2, found 1 with capacity',
      reasons: [
        { rule: 'memory', count: 3, nodeIds: ['node-02', 'node-03', 'node-04'] },
        { rule: 'cordoned', count: 1, nodeIds: ['node-04'] },
        { rule: 'labels', count: 1, nodeIds: ['node-01'] },
      ],
    })
    expect(verdictOf(placement, 'node-05')).toMatchObject({ feasible: true, chosen: 0, rank: 1 })
  })

  it('says so when there are no nodes at all', () => {
    const placement = run([])
    expect(placement.refusal).toEqual({
      needed: 1,
      found: 0,
      message: 'Insufficient nodes: need 1, found 0 with capacity',
      reasons: [],
      suggestions: [],
      notes: [],
    })
  })
})
