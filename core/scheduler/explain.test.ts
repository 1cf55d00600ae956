import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { defaultPolicy } from '@/core/placement/types'
import { aFleet, aNode, aRequest, idOf } from '@/testing/builders'
import { fleetArbitrary, policyArbitrary, requestArbitrary } from '@/testing/fleets/arbitrary-fleets'
import { explainNode } from './explain'
import { place } from './place'

describe('the explanation of a node', () => {
  const request = {
    ...aRequest({ constraints: [{ key: 'disk', op: '=' as const, values: ['ssd'] }], region: 'us-east' }),
    placementRules: {
      preferences: [{ key: 'rack', op: 'exists' as const, values: [], weight: 40 }],
      spread: [{ across: 'region' as const, maxSkew: 2, weight: 60 }],
      affinity: [
        {
          kind: 'anti-affinity' as const,
          deployment: 'db',
          on: 'node' as const,
          required: true,
          weight: 50,
          places: [idOf('node-02')],
        },
      ],
    },
  }
  const nodes = [
    aNode({ nodeId: 'node-01', labels: { disk: 'ssd' }, reserved: { cpuMillis: 500 } }),
    aNode({ nodeId: 'node-02', labels: { disk: 'hdd', rack: '7' }, reserved: { cpuMillis: 3500 } }),
    aNode({ nodeId: 'node-03', labels: { disk: 'ssd' }, reserved: { cpuMillis: 1000 } }),
  ]
  const inputs = { request, fleet: aFleet(nodes), policy: defaultPolicy }
  const resultsOf = (name: string) =>
    explainNode(inputs, name)?.rules.map(({ rule, passed, message, needed, available, shortfall }) => [
      `${rule}: ${passed ? 'yes' : 'no'}, ${message}`,
      needed,
      available,
      shortfall,
    ])

  it('lists every rule, met or not, with the numbers that were compared', () => {
    expect(resultsOf('node-02')).toEqual([
      ['status: yes, is idle', null, null, null],
      ['engine: yes, it can run containers', null, null, null],
      ['cordoned: yes, is not cordoned', null, null, null],
      ['draining: yes, is not draining', null, null, null],
      ['cpu: no, needs 1 core, 0.5 are free of 4', 1000, 500, 500],
      ['memory: yes, needs 1 GiB of memory, 8 GiB are free of 8 GiB', 1024, 8192, null],
      ['storage: yes, needs 10 GiB of storage, 100 GiB are free of 100 GiB', 10, 100, null],
      ['gpu: yes, needs no GPU, it has none', 0, 0, null],
      ['labels: no, label disk is hdd, needs ssd', null, null, null],
      ['one-per-node: yes, holds no replica of this deployment, at most 1 per node is allowed', 1, 1, null],
      ['anti-affinity: no, a replica of db is on it, and none may be', null, null, null],
      ['spread: yes, its region us-east would hold 1, region us-east holds 0: at most 2 apart', 1, 2, null],
    ])
  })

  it('lists each preference, the rank and the gap to the last chosen node', () => {
    const chosen = explainNode(inputs, 'node-01')
    const behind = explainNode(inputs, idOf('node-03'))
    expect(chosen).toMatchObject({ verdict: { chosen: 1, rank: 1 }, feasible: 2, gap: null })
    // 0.5 of 4 cores less free, CPU is half of the resources part, which weighs 0.4 of a total weight of 2.
    expect(behind).toMatchObject({ verdict: { chosen: 0, rank: 2 }, gap: { nodeId: 'node-01' } })
    expect(behind?.gap?.gap).toBeCloseTo(((0.5 / 4 / 2) * 0.4) / 2, 12)
    expect(behind?.placementRules).toEqual([
      { part: 'preferences', preference: 'rack exists', weight: 40, value: 0, finding: 'not met' },
      {
        part: 'spread',
        preference: 'spread across regions',
        weight: 60,
        value: 1,
        finding: 'its region us-east holds as few as any',
      },
    ])
  })

  it('is null for a node that is not in the recorded fleet', () => {
    expect(explainNode(inputs, 'node-99')).toBeNull()
  })
})

describe('on any fleet and request', () => {
  it('agrees with the verdict: failed rules refuse the node, and preferences add up to their parts', () => {
    const counts = { refused: 0, chosen: 0, placementRules: 0, held: 0 }
    fc.assert(
      fc.property(
        requestArbitrary,
        fleetArbitrary({ located: true, maxNodes: 7 }),
        policyArbitrary,
        (request, fleet, policy) => {
          const { verdicts, chosen } = place(request, fleet, policy)
          for (const verdict of verdicts) {
            const explanation = explainNode({ request, fleet, policy }, verdict.nodeId)
            if (!explanation) throw new Error('the node is in the fleet')
            expect(explanation.verdict).toStrictEqual(verdict)
            const unmet = explanation.rules
              .filter((result) => !result.passed)
              .map(({ passed: _, ...failure }) => failure)
            for (const { passed, shortfall } of explanation.rules) if (passed) expect(shortfall).toBeNull()
            if (verdict.failures[0]?.rule !== 'avoided') expect(unmet).toEqual(verdict.failures)
            for (const { name, value } of verdict.parts.slice(3)) {
              const placementRules = explanation.placementRules.filter(({ part }) => part === name)
              const weight = placementRules.reduce((sum, preference) => sum + preference.weight, 0)
              expect(
                placementRules.reduce((sum, preference) => sum + preference.weight * preference.value, 0) / weight,
              ).toBeCloseTo(value, 9)
              counts.placementRules++
            }
            const last = chosen.at(-1)
            const gap = last && verdict.score !== null && verdict.chosen === 0 ? last.score - verdict.score : null
            expect(explanation.gap?.gap ?? null).toBe(gap)
            if (!verdict.feasible) counts.refused++
            if (verdict.chosen > 0) counts.chosen++
            if (unmet.some(({ rule, needed }) => rule === 'spread' && needed !== null)) counts.held++
          }
        },
      ),
      { numRuns: 500 },
    )
    for (const [what, count] of Object.entries(counts)) expect(count, what).toBeGreaterThan(0)
  })
})
