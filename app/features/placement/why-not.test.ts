import { expect, test } from 'vitest'
import { type FleetNode, policyProfiles } from '@/core/placement/types'
import { place } from '@/core/scheduler/place'
import { aFleet, aNode, aRequest } from '@/testing/builders'
import { whyThisNode } from './why-not'

function why(nodes: FleetNode[], overrides: Parameters<typeof aRequest>[0] = {}): Record<string, string> {
  const request = aRequest(overrides)
  const { chosen, verdicts } = place(request, aFleet(nodes), policyProfiles.spread)
  const feasible = verdicts.filter((verdict) => verdict.feasible).length
  const last = verdicts.find(({ id }) => id === chosen.at(-1)?.id)
  return Object.fromEntries(
    verdicts.map((verdict) => [
      verdict.nodeId,
      whyThisNode({ verdict, chosen, last, feasible, replicas: request.replicas }),
    ]),
  )
}

test('explains chosen, lower-ranked, tied and ineligible nodes', () => {
  const nodes = [
    aNode({ nodeId: 'node-01' }),
    aNode({ nodeId: 'node-02', cpuUsagePercent: 20 }),
    aNode({ nodeId: 'node-03' }),
    aNode({ nodeId: 'node-04', reserved: { cpuMillis: 3500 }, cordoned: true }),
    aNode({ nodeId: 'node-05', engineError: 'no such socket' }),
  ]
  expect(why(nodes)).toEqual({
    'node-01': 'node-01 was chosen: it ranked 1 of 3 eligible nodes, with 0.925.',
    'node-03':
      'node-03 ranked 2 of 3 eligible nodes, with 0.925: tied with node-01, the last one chosen, which comes first by name.',
    'node-02':
      'node-02 ranked 3 of 3 eligible nodes, with 0.895: 0.030 below node-01, the last one chosen, most of it in load.',
    'node-04':
      'node-04 was ineligible: is cordoned: it takes no new replicas until somebody uncordons it; needs 1 core, 0.5 are free of 4.',
    'node-05': 'node-05 was ineligible: it can not run containers: no such socket.',
  })
})

test('explains eligible nodes when too few were eligible, and several replicas on one node', () => {
  expect(why([aNode()], { replicas: 2 })['node-01']).toBe(
    'node-01 was eligible and ranked 1 of 1 eligible node, with 0.925; nothing was placed because 2 replicas did not fit.',
  )
  expect(why([aNode()], { replicas: 2, maxPerNode: 2 })['node-01']).toContain('was chosen for 2 replicas')
})
