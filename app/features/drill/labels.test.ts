import { describe, expect, test } from 'vitest'
import type { DrillCounts } from '@/core/insight/drill-report'
import { headline, meanwhileOf, meanwhileText, showCounts } from './labels'

const counts = (overrides: Partial<DrillCounts['byOutcome']>, rest: Partial<DrillCounts> = {}): DrillCounts => ({
  byOutcome: { keeps: 0, moves: 0, 'no-room': 0, never: 0, held: 0, guarded: 0, ...overrides },
  down: 0,
  fewer: 0,
  replicas: 5,
  placed: 4,
  ...rest,
})
const asked = (mode: 'fail' | 'drain', picked: { nodes?: string[]; regions?: string[] }) => ({
  mode,
  picked: { nodes: [], regions: [], zones: [], ...picked },
})

describe('the headline', () => {
  test('summarizes the outcome in a sentence', () => {
    expect(headline(asked('fail', { regions: ['eu-west'] }), counts({ keeps: 12, moves: 3, 'no-room': 1 }))).toBe(
      'If eu-west failed: 12 deployments keep running, 3 move, 1 does not fit.',
    )
  })

  test('says when outage protection would hold replicas', () => {
    const said = headline(asked('fail', { regions: ['eu-west'] }), counts({ keeps: 1, moves: 3 }), { overridden: true })
    expect(said).toMatch(/^If eu-west failed and outage protection was overridden: 1 deployment keeps running, 3 move/)
  })

  test('uses singular and plural, and leaves out zero counts', () => {
    expect(
      headline(asked('drain', { nodes: ['node-01'] }), counts({ keeps: 1, moves: 1, 'no-room': 2, never: 1, held: 2 })),
    ).toBe(
      'If node-01 was drained: 1 deployment keeps running, 1 moves, 2 do not fit, 1 is not replaced, 2 need action.',
    )
    expect(headline(asked('drain', { nodes: ['a', 'b'] }), counts({}))).toMatch(
      /^If a and b were drained: 0 deployments keep/,
    )
  })

  test('counts picks when there are too many to name', () => {
    expect(headline(asked('fail', { regions: ['eu-west'], nodes: ['a', 'b', 'c'] }), counts({}))).toMatch(
      /^If 1 region and 3 nodes failed:/,
    )
  })
})

test('says how many deployments are down or have fewer replicas until replacements run', () => {
  expect(meanwhileText('fail', counts({}, { down: 1, fewer: 2 }))).toBe(
    'Until replacements run, 1 deployment is down and 2 run with fewer replicas.',
  )
  expect(meanwhileText('fail', counts({}, { down: 2 }), 'Until then')).toBe('Until then, 2 deployments are down.')
  expect(meanwhileText('drain', counts({}))).toBe('Each replica keeps running until its replacement is up.')
  expect(meanwhileText('fail', counts({}, { replicas: 0 }))).toBe('Nothing runs there.')
})

test('says whether a deployment is down until replaced, or was down before', () => {
  const row = (outcome: 'moves' | 'no-room', [now, meanwhile, after]: [number, number, number]) =>
    meanwhileOf({
      ...{ id: '', name: '', outcome, running: { wanted: 3, now, meanwhile, after }, hit: 1, replicas: [] },
      ...{ waits: false, problem: null, next: null, refusal: null },
    })
  expect(row('moves', [3, 2, 3])).toBe('2 of 3')
  expect(row('moves', [3, 0, 3])).toBe('down until replaced')
  expect(row('no-room', [3, 0, 0])).toBe('down')
  expect(row('moves', [0, 0, 3])).toBe('already down')
})

test('each filter counts what it lists', () => {
  expect(showCounts(counts({ keeps: 9, moves: 3, 'no-room': 2, never: 1, held: 1 }, { down: 4 }))).toEqual({
    affected: 7,
    down: 4,
    'no-room': 2,
    stays: 2,
    moves: 3,
    keeps: 9,
  })
})
