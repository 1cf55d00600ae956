import { describe, expect, it } from 'vitest'
import {
  canonicalRegion,
  distanceKm,
  estimatedLatencyMs,
  latencyBetween,
  pathFactor,
  regionCoordinates,
  regions,
  tableLatencyMs,
} from './regions'

const nowhere = { from: null, to: null }
const dublin = { latitude: 53.35, longitude: -6.26 }
const newYork = { latitude: 40.71, longitude: -74.01 }

const tablePairs = regions.flatMap((a, index) =>
  regions.slice(index + 1).flatMap((b) => {
    const ms = tableLatencyMs(a.name, b.name)
    return ms === null ? [] : [{ pair: `${a.name} ${b.name}`, ms, km: distanceKm(a.coordinates, b.coordinates) }]
  }),
)

describe('regions', () => {
  it('have no name or alias in common', () => {
    const names = regions.flatMap((region) => [region.name, ...region.aliases])
    expect(new Set(names).size).toBe(names.length)
    expect(names.length).toBeGreaterThan(50)
  })

  it('are found by their aliases in any case, and other names stay as they are', () => {
    expect(canonicalRegion('us-east-1')).toBe('us-east')
    expect(canonicalRegion(' EU-West-1 ')).toBe('eu-west')
    expect(canonicalRegion('Shop-17')).toBe('shop-17')
    expect(regionCoordinates('fra')).toEqual(regionCoordinates('eu-central'))
    expect(regionCoordinates('shop-17')).toBeNull()
  })

  it('are apart by great-circle distances: Dublin to New York is about 5,100 km', () => {
    expect(distanceKm(dublin, newYork)).toBeGreaterThan(5050)
    expect(distanceKm(dublin, newYork)).toBeLessThan(5150)
    expect(distanceKm(dublin, dublin)).toBe(0)
    // Across the date line, not around the world: 2 degrees of the equator are 222 km.
    const west = { latitude: 0, longitude: 179 }
    const east = { latitude: 0, longitude: -179 }
    expect(distanceKm(west, east)).toBeCloseTo(222.4, 1)
    // Antipodes: half of the circumference, 6371 × π km.
    expect(distanceKm({ latitude: 90, longitude: 0 }, { latitude: -90, longitude: 0 })).toBeCloseTo(20015.1, 1)
  })
})

describe('the latency table', () => {
  it('has every pair of the 13 main regions, in both directions, and nothing faster than light in fibre', () => {
    expect(tablePairs).toHaveLength((13 * 12) / 2)
    expect(tableLatencyMs('us-east', 'eu-west')).toBe(68)
    expect(tableLatencyMs('eu-west', 'us-east')).toBe(68)
    expect(tableLatencyMs('us-east-1', 'dub')).toBe(68)
    expect(tableLatencyMs('us-east', 'me-central')).toBeNull()
    for (const { pair, ms, km } of tablePairs) {
      expect(ms, pair).toBeGreaterThan(km / 100)
      expect(ms, pair).toBeLessThan((km / 100) * 6)
    }
  })

  it('has the path factor as the median of its detours', () => {
    const detours = tablePairs.map(({ ms, km }) => ms / (km / 100)).sort((a, b) => a - b)
    expect(detours[detours.length / 2]).toBeCloseTo(pathFactor, 2)
  })
})

describe('latencyBetween', () => {
  const measured = [{ fromRegion: 'us-east', toRegion: 'eu-west', latencyMs: 71.5 }]
  const coordinates = { from: newYork, to: dublin }

  it('is null within one region, also under an alias', () => {
    expect(latencyBetween({ from: 'us-east', to: 'us-east-1', measured, coordinates })).toEqual({
      latencyMs: null,
      source: 'same region',
    })
  })

  it('prefers a measurement in either direction to the table', () => {
    const expected = { latencyMs: 71.5, source: 'measured' }
    expect(latencyBetween({ from: 'us-east', to: 'eu-west', measured, coordinates })).toEqual(expected)
    expect(latencyBetween({ from: 'eu-west', to: 'us-east', measured, coordinates })).toEqual(expected)
  })

  it('prefers the measurement in the requested direction, and the smallest of several', () => {
    const both = [
      { fromRegion: 'eu-west', toRegion: 'us-east', latencyMs: 10 },
      { fromRegion: 'us-east', toRegion: 'eu-west', latencyMs: 80 },
      { fromRegion: 'us-east-1', toRegion: 'eu-west', latencyMs: 75 },
    ]
    for (const list of [both, [...both].reverse()]) {
      expect(latencyBetween({ from: 'us-east', to: 'eu-west', measured: list, coordinates }).latencyMs).toBe(75)
    }
  })

  it('prefers the table to coordinates', () => {
    expect(latencyBetween({ from: 'us-east', to: 'eu-west', measured: [], coordinates })).toEqual({
      latencyMs: 68,
      source: 'table',
    })
  })

  it('falls back to coordinates, and is unknown without them', () => {
    // about 5,100 km / 100 km per ms × 1.65 = about 84 ms
    const estimate = estimatedLatencyMs(newYork, dublin)
    expect(estimate).toBeCloseTo((distanceKm(newYork, dublin) / 100) * 1.65, 1)
    expect(latencyBetween({ from: 'shop-1', to: 'eu-west', measured, coordinates })).toEqual({
      latencyMs: estimate,
      source: 'coordinates',
    })
    expect(
      latencyBetween({ from: 'shop-1', to: 'eu-west', measured, coordinates: { from: null, to: dublin } }),
    ).toEqual({
      latencyMs: null,
      source: 'unknown',
    })
    expect(latencyBetween({ from: 'shop-1', to: 'shop-2', measured, coordinates: nowhere }).source).toBe('unknown')
  })
})
