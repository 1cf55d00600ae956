import { expect, test } from 'vitest'
import type { Constraint } from '@/core/placement/constraint'
import { parseRules, rulesText } from './rules-text'

const rules: Constraint[] = [
  { key: 'disk', op: '=', values: ['ssd'] },
  { key: 'tier', op: '!=', values: ['lab'] },
  { key: 'zone', op: 'in', values: ['a', 'b'] },
  { key: 'acme.io/gpu', op: 'exists', values: [] },
]

test('parses the line that it formats', () => {
  const text = 'disk = ssd; tier != lab; zone in a, b; acme.io/gpu exists'
  expect(rulesText(rules)).toBe(text)
  expect(parseRules(text)).toEqual({ rules })
})

test('ignores blanks and empty rules', () => {
  expect(parseRules('disk=ssd;tier!=lab ;; zone in a,b;acme.io/gpu exists; ')).toEqual({ rules })
  expect(parseRules('')).toEqual({ rules: [] })
})

test('names the first invalid rule', () => {
  expect(parseRules('disk = ssd; fast')).toEqual({
    problem: '“fast” is not a rule: write disk = ssd, zone in a, b or gpu exists',
  })
})
