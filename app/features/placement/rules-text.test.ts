import { expect, test } from 'vitest'
import type { Constraint } from '@/core/placement/constraint'
import { parseRules, rulesText } from './rules-text'

const rules: Constraint[] = [
  { key: 'disk', op: '=', values: ['ssd'] },
  { key: 'tier', op: '!=', values: ['lab'] },
  { key: 'zone', op: 'in', values: ['a', 'b'] },
  { key: 'acme.io/gpu', op: 'exists', values: [] },
]

test('a line of rules is read as it is written', () => {
  const text = 'disk = ssd; tier != lab; zone in a, b; acme.io/gpu exists'
  expect(rulesText(rules)).toBe(text)
  expect(parseRules(text)).toEqual({ rules })
})

test('blanks do not matter, and nothing is no rule', () => {
  expect(parseRules('disk=ssd;tier!=lab ;; zone in a,b;acme.io/gpu exists; ')).toEqual({ rules })
  expect(parseRules('')).toEqual({ rules: [] })
})

test('what is no rule is named', () => {
  expect(parseRules('disk = ssd; fast')).toEqual({
    problem: '“fast” is no rule: write disk = ssd, zone in a, b or gpu exists',
  })
})
