import { describe, expect, it } from 'vitest'
import type { Affinity, PlacementRules, Spread } from '@/core/placement/preferences'
import { defaultPolicy, type FleetNode, type PlacementRequest } from '@/core/placement/types'
import { placeOf } from '@/core/scheduler/filters/topology'
import { place } from '@/core/scheduler/place'
import { aFleet, aNode, aRequest, idOf } from '@/testing/builders'
import { resolvePlacementRules } from './preferences'

const asking = (
  placementRules: Partial<PlacementRules>,
  overrides: Parameters<typeof aRequest>[0] = {},
): PlacementRequest => ({
  ...aRequest(overrides),
  placementRules: { preferences: [], spread: [], affinity: [], ...placementRules },
})

const run = (request: PlacementRequest, nodes: FleetNode[]) => place(request, aFleet(nodes), defaultPolicy)
const namesOf = (request: PlacementRequest, nodes: FleetNode[]): string[] =>
  run(request, nodes).chosen.map(({ nodeId }) => nodeId)

const ssd = { key: 'disk', op: '=' as const, values: ['ssd'] }

/** Nodes of the named regions: us-1, us-2, …; later ones are busier. */
function inRegions(counts: Record<string, number>): FleetNode[] {
  return Object.entries(counts).flatMap(([region, count]) =>
    Array.from({ length: count }, (_, index) =>
      aNode({ nodeId: `${region.slice(0, 2)}-${index + 1}`, region, cpuUsagePercent: index }),
    ),
  )
}

const across = (overrides: Partial<Spread> = {}): Spread => ({
  across: 'region',
  maxSkew: null,
  weight: 50,
  ...overrides,
})

describe('a score with preferences', () => {
  it('is shared between the policy and the preferences as calculated by hand', () => {
    // Empty and idle: resources ((4 − 1)/4 + (8192 − 1024)/8192)/2 = (0.75 + 0.875)/2 = 0.8125, load 1, locality 1.
    // The policy gives 0.4 × 0.8125 + 0.3 + 0.3 = 0.925. Preferences of 50 and 25 weigh 0.75, the policy weighs 1:
    // 1.75 in all. One of them is met: 0.925/1.75 + 0.5/1.75 = 0.814285…
    const node = aNode({ labels: { disk: 'ssd' } })
    const preferences = [
      { ...ssd, weight: 50 },
      { key: 'rack', op: 'exists' as const, values: [], weight: 25 },
    ]
    const [verdict] = run(asking({ preferences }), [node]).verdicts
    expect(verdict?.score).toBeCloseTo((0.925 + 0.5) / 1.75, 12)
    expect(verdict?.parts.map(({ name, weight, value }) => [name, weight, value])).toEqual([
      ['resources', 0.4 / 1.75, 0.8125],
      ['load', 0.3 / 1.75, 1],
      ['locality', 0.3 / 1.75, 1],
      ['preferences', 0.75 / 1.75, 0.5 / 0.75],
    ])
  })

  it('prefers a matching node as far as the weight of the preference goes', () => {
    const busy = aNode({ nodeId: 'busy-ssd', labels: { disk: 'ssd' }, cpuUsagePercent: 100, memoryUsagePercent: 100 })
    const idle = aNode({ nodeId: 'idle-hdd', labels: { disk: 'hdd' } })
    // The busy node lacks the whole load part, 0.3. A preference of weight 29 is worth less than that, one of 31 more.
    expect(namesOf(asking({ preferences: [{ ...ssd, weight: 29 }] }), [busy, idle])).toEqual(['idle-hdd'])
    expect(namesOf(asking({ preferences: [{ ...ssd, weight: 31 }] }), [busy, idle])).toEqual(['busy-ssd'])
  })
})

describe('a spread', () => {
  it('without `maxSkew` alternates between regions, and uses others when a region is full', () => {
    const nodes = inRegions({ 'us-east': 4, 'eu-west': 1, 'ap-south': 1 })
    expect(namesOf(asking({ spread: [across()] }, { replicas: 3 }), nodes)).toEqual(['ap-1', 'eu-1', 'us-1'])
    expect(namesOf(asking({ spread: [across()] }, { replicas: 5 }), nodes)).toEqual([
      'ap-1',
      'eu-1',
      'us-1',
      'us-2',
      'us-3',
    ])
    expect(namesOf(aRequest({ replicas: 3 }), inRegions({ 'us-east': 3, 'eu-west': 1 }))).toEqual([
      'eu-1',
      'us-1',
      'us-2',
    ])
  })

  it('with `maxSkew` refuses more replicas once the emptiest domain is full, and names the domains', () => {
    const nodes = inRegions({ 'us-east': 4, 'eu-west': 1 })
    const { refusal, verdicts } = run(asking({ spread: [across({ maxSkew: 1 })] }, { replicas: 4 }), nodes)
    // One in eu-west and two in us-east; a third in us-east would be two more.
    expect(refusal).toMatchObject({ needed: 4, found: 3, reasons: [{ rule: 'spread', nodeIds: ['us-3', 'us-4'] }] })
    expect(verdicts.find(({ nodeId }) => nodeId === 'us-3')?.failures).toEqual([
      {
        rule: 'spread',
        message: 'its region us-east would hold 3, region eu-west holds 1: at most 1 apart',
        needed: 2,
        available: 1,
        shortfall: 1,
      },
    ])
    expect(refusal?.suggestions.map(({ message }) => message)).toEqual([
      'Ask for 3 replicas instead of 4',
      'Allow 2 replicas per node instead of 1',
      'Let the regions be 2 apart instead of 1',
    ])
  })

  it('counts existing replicas, and only domains with a node in service', () => {
    const nodes = [
      aNode({ nodeId: 'us-1', ownReplicas: 1 }),
      aNode({ nodeId: 'us-2' }),
      aNode({ nodeId: 'eu-1', region: 'eu-west', cpuUsagePercent: 90 }),
    ]
    const request = asking({ spread: [across({ maxSkew: 1, weight: 0 })] })
    expect(namesOf(request, nodes)).toEqual(['eu-1'])
    // An offline region does not hold back the others.
    const dark = nodes.map((node) => (node.nodeId === 'eu-1' ? { ...node, status: 'offline' as const } : node))
    expect(namesOf(request, dark)).toEqual(['us-2'])
    // A full region does, because it cannot take its share.
    const full = nodes.map((node) => (node.nodeId === 'eu-1' ? { ...node, reserved: node.capacity } : node))
    expect(run(request, full).refusal).toMatchObject({ found: 0 })
  })

  it('across zones treats a zone as part of its region, and refuses nodes without a zone', () => {
    const zoned = (nodeId: string, region: string, zone?: string) =>
      aNode({ nodeId, region, labels: zone === undefined ? {} : { zone } })
    expect(placeOf(zoned('n', 'us-east-1', 'a'), 'zone')).toBe('us-east/a')
    expect(placeOf(zoned('n', 'us-east'), 'zone')).toBeNull()
    const nodes = [zoned('n-1', 'us-east', 'a'), zoned('n-2', 'eu-west', 'a'), zoned('n-3', 'us-east')]
    const { refusal, verdicts } = run(
      asking({ spread: [across({ across: 'zone', maxSkew: 1 })] }, { replicas: 3 }),
      nodes,
    )
    expect(refusal?.found).toBe(2)
    expect(verdicts.at(-1)?.failures.map(({ message }) => message)).toEqual([
      'has no label zone, over which replicas have to be spread',
    ])
    expect(refusal?.suggestions.map(({ message }) => message)).toContain(
      'Make the spread across zones a preference only',
    )
  })
})

const toDb = (overrides: Partial<Affinity> = {}): Affinity => ({
  kind: 'affinity',
  deployment: 'db',
  on: 'node',
  required: true,
  weight: 50,
  places: [idOf('us-2')],
  ...overrides,
})

describe('an affinity', () => {
  const nodes = inRegions({ 'us-east': 2, 'eu-west': 1 })
  const failures = (affinity: Affinity[]): Record<string, string[]> =>
    Object.fromEntries(
      run(asking({ affinity }), nodes).verdicts.map((verdict) => [
        verdict.nodeId,
        verdict.failures.map(({ message }) => message),
      ]),
    )

  it('that is required accepts only domains with (or without) a replica of the other deployment', () => {
    expect(failures([toDb()])).toEqual({
      'us-2': [],
      'us-1': ['no replica of db is on it, and one is required'],
      'eu-1': ['no replica of db is on it, and one is required'],
    })
    expect(failures([toDb({ kind: 'anti-affinity', on: 'region', places: ['us-east'] })])).toEqual({
      'eu-1': [],
      'us-1': ['a replica of db is in its region us-east, and none may be'],
      'us-2': ['a replica of db is in its region us-east, and none may be'],
    })
  })

  it('to a deployment without replicas refuses every node with that reason and a suggestion to drop the rule', () => {
    const { refusal } = run(asking({ affinity: [toDb({ places: [] })] }), nodes)
    expect(refusal).toMatchObject({ found: 0, reasons: [{ rule: 'affinity', count: 3 }] })
    expect(refusal?.suggestions.map(({ message }) => message)).toEqual(['Drop the rule “on the same node as db”'])
    expect(failures([toDb({ places: [] })])['us-1']).toEqual([
      'no replica of db is placed anywhere, and one is required',
    ])
  })

  it('that is not required only affects scores', () => {
    expect(namesOf(asking({ affinity: [toDb({ required: false })] }), nodes)).toEqual(['us-2'])
    const away = toDb({ required: false, kind: 'anti-affinity', on: 'region', places: ['eu-west'] })
    expect(namesOf(asking({ affinity: [away] }), nodes)).toEqual(['us-1'])
    expect(namesOf(asking({ affinity: [away] }, { replicas: 3 }), nodes)).toHaveLength(3)
  })

  it('is resolved to the distinct topology domains of the other deployment, sorted', () => {
    const asked = { preferences: [], spread: [], affinity: [{ ...toDb(), on: 'region' as const }] }
    const holders = inRegions({ 'us-east': 2, 'eu-west': 1 })
    expect(resolvePlacementRules(asked, () => holders)?.affinity[0]?.places).toEqual(['eu-west', 'us-east'])
    expect(resolvePlacementRules(null, () => holders)).toBeUndefined()
  })
})

it('says that another region would not help if the request has a preferred region', () => {
  const tooBig = { resources: { cpuMillis: 9000 } }
  expect(run(aRequest({ ...tooBig, region: 'eu-west' }), [aNode()]).refusal?.notes).toEqual([
    'Another region than eu-west would not help: nodes of every region were looked at',
  ])
  expect(run(aRequest(tooBig), [aNode()]).refusal?.notes).toEqual([])
})
