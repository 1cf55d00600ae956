import { expect, test } from 'vitest'
import type { PlacementSummary } from '@/core/placement/decision-summary'
import type { RuleFailure, ScorePart, Verdict } from '@/core/placement/types'
import { localityText, productText, shortfallText, whyText } from './labels'

const part = (name: ScorePart['name'], weight: number, value: number): ScorePart => ({
  name,
  weight,
  value,
  contribution: weight * value,
})

function aVerdict(nodeId: string, values: [number, number, number], rest: Partial<Verdict> = {}): Verdict {
  const parts = [part('resources', 0.4, values[0]), part('load', 0.3, values[1]), part('locality', 0.3, values[2])]
  return {
    id: `id-of-${nodeId}`,
    nodeId,
    region: 'us-east',
    simulated: false,
    feasible: true,
    failures: [],
    notes: [],
    score: parts.reduce((sum, { contribution }) => sum + contribution, 0),
    parts,
    inputs: {
      freeCpuMillis: 1000,
      freeMemoryMb: 1024,
      capacityCpuMillis: 4000,
      capacityMemoryMb: 4096,
      cpuUsagePercent: 10,
      memoryUsagePercent: 10,
      heartbeatAgeMs: 1000,
      locality: { value: 1, latencyMs: null, source: 'same region' },
    },
    rank: null,
    chosen: 0,
    ...rest,
  }
}

const aPlacementSummary = (summary: Partial<PlacementSummary>): PlacementSummary => ({
  chosen: [],
  refusal: null,
  nodes: summary.best?.length ?? 0,
  feasible: summary.best?.length ?? 0,
  best: [],
  refused: [],
  ...summary,
})

const chosenFrom = (verdict: Verdict) => ({ id: verdict.id, nodeId: verdict.nodeId, score: verdict.score ?? 0 })

test('names the winner, the runner-up and the decisive part of the score', () => {
  const first = aVerdict('node-01', [0.9, 0.9, 1], { rank: 1, chosen: 1 })
  const second = aVerdict('node-02', [0.9, 0.9, 0.6], { rank: 2 })
  expect(whyText(aPlacementSummary({ chosen: [chosenFrom(first)], best: [first, second], nodes: 3 }))).toEqual([
    '2 nodes eligible, 1 ineligible.',
    'node-01 scored highest, 0.930.',
    'Runner-up: node-02, 0.12 below the last chosen node-01, most of it in locality.',
  ])
})

test('says when every eligible node was chosen', () => {
  const only = aVerdict('node-01', [0.5, 0.5, 1], { rank: 1, chosen: 1 })
  expect(whyText(aPlacementSummary({ chosen: [chosenFrom(only)], best: [only] }))).toEqual([
    'The only node is eligible.',
    'node-01 scored highest, 0.650.',
    'Every eligible node was chosen.',
  ])
})

test('returns no sentences when nothing was placed', () => {
  expect(whyText(aPlacementSummary({ best: [aVerdict('node-01', [0, 0, 0])] }))).toEqual([])
})

test('a shortfall has the unit of its resource', () => {
  const failure: RuleFailure = { rule: 'memory', message: '', needed: 2048, available: 512, shortfall: 1536 }
  expect(shortfallText(failure)).toBe('1.5 GiB of memory short')
  expect(shortfallText({ ...failure, rule: 'cpu', shortfall: 1500 })).toBe('1.5 cores short')
  expect(shortfallText({ ...failure, rule: 'cordoned', shortfall: null })).toBeNull()
})

test('a part is displayed as weight times value', () => {
  expect(productText(part('load', 0.3, 0.816))).toBe('0.30 × 0.82')
})

test('a distance includes its source', () => {
  expect(localityText({ value: 0.7, latencyMs: 62.6, source: 'table' })).toBe('63 ms from the table')
  expect(localityText({ value: 1, latencyMs: null, source: 'same region' })).toBe('same region')
  expect(localityText({ value: 0, latencyMs: null, source: 'unknown' })).toBe('distance unknown')
})
