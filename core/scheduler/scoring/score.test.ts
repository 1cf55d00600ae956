import { describe, expect, it } from 'vitest'
import { defaultPolicy, type FleetNode, type Policy } from '@/core/placement/types'
import { aFleet, aNode, aRequest } from '@/testing/builders'
import { localityFor } from './locality'
import { inputsOf, notesOf, partsOf, type ScoreContext, scoreOf } from './score'

function contextOf(
  node: FleetNode,
  overrides: Parameters<typeof aRequest>[0] = {},
  policy: Policy = defaultPolicy,
): ScoreContext {
  const request = aRequest(overrides)
  return { request, policy, locality: localityFor(request.region, aFleet([node])), spreading: null }
}

const asked = { resources: { cpuMillis: 2000, memoryMb: 2048 } }

describe('the score', () => {
  it('is the classic formula on a node with no reservations and locality 1', () => {
    const node = aNode({
      capacity: { cpuMillis: 8000, memoryMb: 16384 },
      cpuUsagePercent: 30,
      memoryUsagePercent: 45,
    })
    // cpu (8 − 2)/8 = 0.75, memory (16384 − 2048)/16384 = 0.875, mean 0.8125
    // 0.4 × 0.8125 = 0.325; 0.15 × 0.70 = 0.105; 0.15 × 0.55 = 0.0825; 0.3 × 1 = 0.3; together 0.8125
    expect(scoreOf(contextOf(node, asked), node)).toBeCloseTo(0.8125, 12)
    const classic = 0.4 * ((6 / 8 + 14336 / 16384) / 2) + 0.15 * (70 / 100) + 0.15 * (55 / 100) + 0.3
    expect(scoreOf(contextOf(node, asked), node)).toBeCloseTo(classic, 12)
  })

  it('counts reservations, load and distance', () => {
    const node = aNode({
      region: 'eu-west',
      capacity: { cpuMillis: 16000, memoryMb: 32768 },
      reserved: { cpuMillis: 4000, memoryMb: 14336 },
      cpuUsagePercent: 50,
      memoryUsagePercent: 10,
    })
    // cpu (16 − 4 − 2)/16 = 0.625, memory (32768 − 14336 − 2048)/32768 = 0.5, mean 0.5625 → 0.4 × 0.5625 = 0.225
    // load (0.5 + 0.9)/2 = 0.7 → 0.3 × 0.7 = 0.21; eu-west from us-east 68 ms: 1 − 0.34 = 0.66 → 0.3 × 0.66 = 0.198
    const context = contextOf(node, { ...asked, region: 'us-east' })
    const parts = partsOf(context, node)
    expect(parts.map((part) => part.name)).toEqual(['resources', 'load', 'locality'])
    const expected = [0.225, 0.21, 0.198]
    for (const [index, part] of parts.entries()) expect(part.contribution).toBeCloseTo(expected[index] ?? 0, 12)
    expect(scoreOf(context, node)).toBeCloseTo(0.633, 12)
  })

  it('is exactly the sum of its parts, each of which is its weight times its value', () => {
    const node = aNode({ cpuUsagePercent: 33.3, memoryUsagePercent: 66.6, region: 'eu-north' })
    const context = contextOf(node, { region: 'ap-south' })
    const parts = partsOf(context, node)
    expect(parts.reduce((sum, part) => sum + part.contribution, 0)).toBe(scoreOf(context, node))
    for (const part of parts) expect(part.weight * part.value).toBe(part.contribution)
  })

  it('follows the weights of the policy', () => {
    const node = aNode({ capacity: { cpuMillis: 8000, memoryMb: 16384 }, cpuUsagePercent: 40, memoryUsagePercent: 20 })
    const only = (weights: Policy['weights']): number =>
      scoreOf(contextOf(node, asked, { name: 'only', weights }), node)
    expect(only({ resources: 1, load: 0, locality: 0 })).toBeCloseTo(0.8125, 12)
    expect(only({ resources: 0, load: 1, locality: 0 })).toBeCloseTo(0.7, 12)
    expect(only({ resources: 0, load: 0, locality: 1 })).toBe(1)
  })
})

describe('load', () => {
  it('adds replicas that no heartbeat includes yet to the reported usage', () => {
    const node = aNode({
      cpuUsagePercent: 10,
      memoryUsagePercent: 20,
      capacity: { cpuMillis: 4000, memoryMb: 8192 },
      unseen: { cpuMillis: 1000, memoryMb: 2048 },
    })
    // cpu 10 + 100 × 1/4 = 35, memory 20 + 100 × 2048/8192 = 45; load (0.65 + 0.55)/2 = 0.6
    const context = contextOf(node)
    expect(inputsOf(context, node)).toMatchObject({ cpuUsagePercent: 35, memoryUsagePercent: 45 })
    expect(partsOf(context, node)[1]?.value).toBeCloseTo(0.6, 12)
  })

  it('is at most 100 %', () => {
    const node = aNode({ cpuUsagePercent: 90, memoryUsagePercent: 100, unseen: { cpuMillis: 2000, memoryMb: 4096 } })
    const context = contextOf(node)
    expect(inputsOf(context, node)).toMatchObject({ cpuUsagePercent: 100, memoryUsagePercent: 100 })
    expect(partsOf(context, node)[1]?.value).toBe(0)
  })

  it('counts unknown usage as fully loaded, and says so', () => {
    const offline = aNode({ cpuUsagePercent: null, memoryUsagePercent: null, heartbeatAgeMs: 60_000 })
    const context = contextOf(offline)
    const inputs = inputsOf(context, offline)
    expect(inputs).toMatchObject({ cpuUsagePercent: null, memoryUsagePercent: null, heartbeatAgeMs: 60_000 })
    expect(partsOf(context, offline)[1]).toEqual({ name: 'load', weight: 0.3, value: 0, contribution: 0 })
    expect(notesOf(inputs)).toEqual(['its CPU and memory usage is unknown, so it counts as fully loaded'])
    const half = aNode({ memoryUsagePercent: null, cpuUsagePercent: 20 })
    // (0.8 + 0)/2
    expect(partsOf(contextOf(half), half)[1]?.value).toBeCloseTo(0.4, 12)
    expect(notesOf(inputsOf(contextOf(half), half))).toEqual([
      'its memory usage is unknown, so it counts as fully loaded',
    ])
  })
})

describe('notes', () => {
  it('mention an unknown latency, and are empty when everything is known', () => {
    const lost = aNode({ region: 'shop-17' })
    expect(notesOf(inputsOf(contextOf(lost, { region: 'us-east' }), lost))).toEqual([
      'its latency to the wanted region is unknown, so its locality counts as 0',
    ])
    expect(notesOf(inputsOf(contextOf(aNode()), aNode()))).toEqual([])
  })
})
