import { describe, expect, it } from 'vitest'
import { estimatedLatencyMs } from '@/core/placement/regions'
import { aFleet, aNode } from '@/testing/builders'
import { localityFor, localityOfLatency } from './locality'

describe('locality', () => {
  it('falls linearly from 1 at 0 ms to 0 at 200 ms and stays at 0 beyond', () => {
    expect([0, 50, 100, 200, 350].map(localityOfLatency)).toEqual([1, 0.75, 0.5, 0, 0])
    // A negative measurement is nonsense, but must not give a score above 1.
    expect(localityOfLatency(-5)).toBe(1)
  })

  it('is 1 everywhere without a preferred region', () => {
    const node = aNode({ region: 'shop-17' })
    expect(localityFor(null, aFleet([node]))(node)).toEqual({ value: 1, latencyMs: null, source: 'no region asked' })
  })

  it('is 1 in the same region, also under an alias, whatever was measured', () => {
    const node = aNode({ region: 'us-east-1' })
    const fleet = aFleet([node], [{ fromRegion: 'us-east', toRegion: 'us-east-1', latencyMs: 90 }])
    expect(localityFor('us-east', fleet)(node)).toEqual({ value: 1, latencyMs: null, source: 'same region' })
  })

  it('comes from a measurement when there is one', () => {
    const node = aNode({ region: 'eu-west' })
    const fleet = aFleet([node], [{ fromRegion: 'eu-west', toRegion: 'us-east', latencyMs: 80 }])
    // 1 − 80/200 = 0.6
    expect(localityFor('us-east', fleet)(node)).toEqual({ value: 0.6, latencyMs: 80, source: 'measured' })
  })

  it('comes from the table when nothing was measured', () => {
    const node = aNode({ region: 'eu-west' })
    // us-east to eu-west: 68 ms; 1 − 68/200 = 0.66
    const fact = localityFor('us-east', aFleet([node]))(node)
    expect(fact).toEqual({ value: 1 - 68 / 200, latencyMs: 68, source: 'table' })
    expect(fact.value).toBeCloseTo(0.66, 12)
  })

  it('comes from the coordinates of each node in regions that are not in the table', () => {
    const near = aNode({ nodeId: 'node-near', region: 'shops', latitude: 52, longitude: -8 })
    const far = aNode({ nodeId: 'node-far', region: 'shops', latitude: 37, longitude: 15 })
    const locality = localityFor('eu-west', aFleet([near, far]))
    const dublin = { latitude: 53.35, longitude: -6.26 }
    const nearMs = estimatedLatencyMs(dublin, { latitude: 52, longitude: -8 })
    expect(locality(near)).toEqual({ value: 1 - nearMs / 200, latencyMs: nearMs, source: 'coordinates' })
    expect(nearMs).toBeLessThan(5)
    expect(locality(far).latencyMs).toBeGreaterThan(30)
  })

  it('locates a custom region at its first node by name that has coordinates, whatever the order of the nodes', () => {
    const nodes = [
      aNode({ nodeId: 'a-1', region: 'plant' }),
      aNode({ nodeId: 'a-2', region: 'plant', latitude: 48, longitude: 11 }),
      aNode({ nodeId: 'a-3', region: 'plant', latitude: 60, longitude: 25 }),
      aNode({ nodeId: 'b-1', region: 'store', latitude: 48, longitude: 12 }),
      aNode({ nodeId: 'c-1', region: 'eu-central' }),
    ]
    const [, plant, , store, central] = nodes
    if (!plant || !store || !central) throw new Error('the fleet above has five nodes')
    const expected = estimatedLatencyMs({ latitude: 48, longitude: 11 }, { latitude: 48, longitude: 12 })
    for (const order of [nodes, [...nodes].reverse()]) {
      const locality = localityFor('plant', aFleet(order))
      expect(locality(store)).toEqual({ value: 1 - expected / 200, latencyMs: expected, source: 'coordinates' })
      // A node without coordinates has those of its region.
      expect(locality(central).source).toBe('coordinates')
    }
  })

  it('is 0, with the source `unknown`, when nothing is known', () => {
    const node = aNode({ region: 'shop-17' })
    expect(localityFor('us-east', aFleet([node]))(node)).toEqual({ value: 0, latencyMs: null, source: 'unknown' })
  })
})
