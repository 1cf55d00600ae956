import { describe, expect, it } from 'vitest'
import type { Resources } from '@/core/placement/resources'
import {
  defaultPolicy,
  type Fleet,
  type FleetNode,
  type PlacementRequest,
  type Policy,
  policyProfiles,
} from '@/core/placement/types'
import { localityFor } from '@/core/scheduler/scoring/locality'
import { choose } from '@/core/scheduler/select/choose'
import { classicRanking, classicReserve, type Localities } from '@/testing/fleets/classic-placement'
import {
  drawing,
  type FleetShape,
  fleetShapes,
  shapedFleet,
  shapeRegions,
  streamedRequest,
} from '@/testing/fleets/fleet-shapes'
import { FleetIndex } from './fleet-index'

const noted = (region: string | null, nodes: FleetNode[]): Localities => {
  const locality = localityFor(region, { nodes, latencies: [] })
  return new Map(nodes.map((node) => [node.region, locality(node).value]))
}

interface Held {
  nodes: FleetNode[]
  resources: Resources
}

/** Deployments come and go, in tides that fill the fleet and empty it; both ways decide on each. */
function stream(shape: FleetShape, { count, deployments }: { count: number; deployments: number }) {
  const nodes = shapedFleet(shape, count).map((node) => structuredClone(node))
  const index = new FleetIndex({ nodes, latencies: [] })
  const localities = new Map<string | null, Localities>(
    [null, ...shapeRegions].map((region) => [region, noted(region, nodes)]),
  )
  const draw = drawing(11)
  const held: Held[] = []
  const seen = { different: 0, placed: 0, refused: 0, tied: 0, pruned: 0, released: 0 }
  const groups = Math.ceil(count / 8)
  for (let number = 0; number < deployments; number++) {
    const request = streamedRequest(number)
    const ranking = classicRanking(nodes, request, {
      policy: defaultPolicy,
      localities: localities.get(request.region) ?? new Map(),
    })
    const best = ranking.length < request.replicas ? [] : ranking.slice(0, request.replicas)
    const { chosen, found } = index.decide(request, defaultPolicy)
    const same =
      found === Math.min(ranking.length, request.replicas) &&
      chosen.length === best.length &&
      best.every(({ node, score }, at) => node.id === chosen[at]?.id && score === chosen[at]?.score)
    if (!same) seen.different++
    if (best.length > 0) seen.placed++
    else seen.refused++
    if (best.length > 0 && best.at(-1)?.score === ranking[request.replicas]?.score) seen.tied++
    if (index.lastTrace.way === 'tree' && index.lastTrace.visits < groups / 2) seen.pruned++
    for (const { node } of best) {
      classicReserve(node, request.resources, 1)
      index.reserve(node.id, request.resources)
    }
    if (best.length > 0) held.push({ nodes: best.map(({ node }) => node), resources: request.resources })
    const ebb = Math.floor(number / 1000) % 2 === 1
    while (held.length > 0 && draw() < (ebb ? 0.6 : 0.2)) {
      const [gone] = held.splice(Math.floor(draw() * held.length), 1)
      for (const node of gone?.nodes ?? []) {
        classicReserve(node, gone?.resources ?? request.resources, -1)
        index.release(node.id, gone?.resources ?? request.resources, { unseen: true })
      }
      seen.released++
    }
  }
  return seen
}

describe('over a stream of 10,000 deployments the fleet index chooses what the classic way chooses', () => {
  const interesting: Record<FleetShape, readonly (keyof ReturnType<typeof stream>)[]> = {
    'few classes': ['placed', 'tied', 'pruned', 'released'],
    'all different': ['placed', 'pruned', 'released'],
    'all the same': ['placed', 'refused', 'tied', 'pruned', 'released'],
    '90–100 % full': ['placed', 'refused', 'pruned', 'released'],
  }
  it.each(fleetShapes)('on a fleet of %s nodes', (shape) => {
    const seen = stream(shape, { count: 300, deployments: 10_000 })
    expect(seen.different).toBe(0)
    for (const what of interesting[shape]) expect(seen[what], what).toBeGreaterThan(100)
  })
})

describe('when the tree tells too little apart', () => {
  const fleet = { nodes: shapedFleet('all different', 4000), latencies: [] }
  const rare = { disk: 'nvme' }
  const nodes = fleet.nodes.map((node, at) => (at % 800 === 7 ? { ...node, labels: rare } : node))
  const labelled = { nodes, latencies: [] }
  const wanting: Partial<PlacementRequest> = { constraints: [{ key: 'disk', op: '=', values: ['nvme'] }] }

  it('goes through all nodes in a row, for a while without another try, and chooses the same', () => {
    const index = new FleetIndex(labelled)
    const visits: number[] = []
    for (let number = 0; number < 40; number++) {
      const request = { ...streamedRequest(number), ...wanting }
      const { chosen } = index.decide(request, defaultPolicy)
      expect(chosen).toStrictEqual(choose(request, labelled, defaultPolicy).chosen)
      expect(chosen).toHaveLength(3)
      expect(index.lastTrace.way).toBe('sweep')
      visits.push(index.lastTrace.visits)
    }
    // Tried and given up before decisions 0, 2, 5, 10, 19 and 36, each time after as many visits as are allowed.
    expect(visits.flatMap((count, number) => (count > 0 ? [number] : []))).toEqual([0, 2, 5, 10, 19, 36])
    expect(Math.max(...visits)).toBeLessThanOrEqual(4000 / 64)
    // A request that the tree is good for is soon served by it again.
    let rested = 0
    while (index.lastTrace.way === 'sweep' && rested++ < 64) index.decide(streamedRequest(1), defaultPolicy)
    expect(index.lastTrace.way).toBe('tree')
  })

  it('does so for packing policies on fleets of equal nodes, and still breaks ties by name', () => {
    const equal: Fleet = { nodes: shapedFleet('all the same', 4000), latencies: [] }
    const index = new FleetIndex(equal)
    const policy: Policy = policyProfiles.pack
    let swept = 0
    let now = equal
    for (let number = 0; number < 30; number++) {
      const request = { ...streamedRequest(number), region: null }
      const { chosen } = index.decide(request, policy)
      expect(chosen).toStrictEqual(choose(request, now, policy).chosen)
      if (index.lastTrace.way === 'sweep') swept++
      for (const { id } of chosen) index.reserve(id, request.resources)
      now = index.fleet()
    }
    expect(swept).toBeGreaterThan(0)
  })
})

describe('the fleet index', () => {
  it('takes nodes that come later, a few beside the tree and many by building it anew', () => {
    const nodes = shapedFleet('all different', 120)
    const index = new FleetIndex({ nodes: nodes.slice(0, 40), latencies: [] })
    for (let count = 40; count <= nodes.length; count++) {
      const now = { nodes: nodes.slice(0, count), latencies: [] }
      const request = streamedRequest(count)
      expect(index.decide(request, defaultPolicy).chosen).toStrictEqual(choose(request, now, defaultPolicy).chosen)
      const next = nodes[count]
      if (next) index.put(next)
    }
    expect(index.size).toBe(120)
  })

  it('has an answer for an empty fleet, and for one that became empty', () => {
    const empty = new FleetIndex({ nodes: [], latencies: [] })
    expect(empty.decide(streamedRequest(1), defaultPolicy)).toEqual({ chosen: [], found: 0 })
    const nodes = shapedFleet('few classes', 200)
    const emptied = new FleetIndex({ nodes, latencies: [] })
    for (const { id } of nodes) emptied.remove(id)
    expect(emptied.decide(streamedRequest(1), defaultPolicy)).toEqual({ chosen: [], found: 0 })
    expect(emptied.fleet()).toEqual({ nodes: [], latencies: [] })
  })

  it('goes by latencies that are measured later', () => {
    const nodes = shapedFleet('few classes', 60)
    const latencies = [{ fromRegion: 'us-east', toRegion: 'sa-east', latencyMs: 1 }]
    const request: PlacementRequest = { ...streamedRequest(1), region: 'us-east', replicas: 12 }
    const index = new FleetIndex({ nodes, latencies: [] })
    const before = index.decide(request, defaultPolicy).chosen
    index.setLatencies(latencies)
    const after = index.decide(request, defaultPolicy).chosen
    expect(after).toStrictEqual(choose(request, { nodes, latencies }, defaultPolicy).chosen)
    expect(after).not.toStrictEqual(before)
  })

  it('serves more policies than it has bounds for', () => {
    const fleet = { nodes: shapedFleet('all different', 100), latencies: [] }
    const index = new FleetIndex(fleet)
    for (let number = 0; number < 30; number++) {
      const load = (number % 6) / 10
      const policy: Policy = { name: 'own', weights: { resources: 0.5, load, locality: 0.5 - load } }
      const request = streamedRequest(number)
      expect(index.decide(request, policy).chosen).toStrictEqual(choose(request, fleet, policy).chosen)
    }
  })

  it('does not place less than one replica, nor count for a node that it does not know', () => {
    const index = new FleetIndex({ nodes: shapedFleet('few classes', 10), latencies: [] })
    expect(() => index.decide({ ...streamedRequest(1), replicas: 0 }, defaultPolicy)).toThrow('1 or more replicas')
    expect(() => index.reserve('nobody', streamedRequest(1).resources)).toThrow('does not know node nobody')
  })
})
