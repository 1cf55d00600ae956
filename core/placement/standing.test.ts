import { describe, expect, it } from 'vitest'
import { place } from '@/core/scheduler/place'
import { aFleet, aNode, aRequest } from '@/testing/builders'
import { gapToLastChosen, standing } from './standing'
import { defaultPolicy, type FleetNode } from './types'

function standings(nodes: FleetNode[], overrides: Parameters<typeof aRequest>[0]): Record<string, string> {
  const placement = place(aRequest(overrides), aFleet(nodes), defaultPolicy)
  return Object.fromEntries(placement.verdicts.map((verdict) => [verdict.nodeId, standing(placement, verdict)]))
}

describe('the standing of a node', () => {
  it('is a text for chosen, near and refused nodes', () => {
    const nodes = [
      aNode({ nodeId: 'node-01' }),
      // 20 % of CPU in use cost 0.15 × 0.2 = 0.03, 2 % cost 0.003
      aNode({ nodeId: 'node-02', cpuUsagePercent: 20 }),
      aNode({ nodeId: 'node-03', cpuUsagePercent: 2 }),
      aNode({ nodeId: 'node-04' }),
      aNode({ nodeId: 'node-05', reserved: { cpuMillis: 3500 }, cordoned: true }),
    ]
    expect(standings(nodes, {})).toEqual({
      'node-01': 'chosen',
      'node-02': '0.03 below the last chosen node-01',
      'node-03': 'less than 0.01 below the last chosen node-01',
      'node-04': 'as good as node-01, whose name comes first',
      'node-05': 'is cordoned: it takes no new replicas until somebody uncordons it; needs 1 core, 0.5 are free of 4',
    })
  })

  it('tells about several replicas on a node, and about capacity in a refused run', () => {
    expect(standings([aNode()], { replicas: 2, maxPerNode: 2 })).toEqual({ 'node-01': 'chosen for 2 replicas' })
    expect(standings([aNode()], { replicas: 2 })).toEqual({ 'node-01': 'has room, but too few nodes have' })
  })

  it('has a gap only for feasible nodes that were not chosen', () => {
    const nodes = [aNode({ nodeId: 'node-01' }), aNode({ nodeId: 'node-02', cpuUsagePercent: 20 })]
    const placement = place(aRequest(), aFleet(nodes), defaultPolicy)
    const [chosen, other] = placement.verdicts
    if (!chosen || !other) throw new Error('two nodes have two verdicts')
    expect(gapToLastChosen(placement, chosen)).toBeNull()
    expect(gapToLastChosen(placement, other)).toEqual({ gap: expect.closeTo(0.03, 12), nodeId: 'node-01' })
  })
})
