import { expect, test } from 'vitest'
import { regionHint } from './region-hint'

test('a region without nodes is said to be one, once it cannot become another', () => {
  const regions = ['eu-west', 'us-east']
  const usual = 'Preferred region (blank = any).'
  for (const typed of ['', ' ', 'u', 'us-e', 'us-east']) expect(regionHint(typed, regions)).toBe(usual)
  expect(regionHint('mars', regions)).toBe('No node is in mars: the nearest come first.')
  // Not known yet.
  expect(regionHint('mars', [])).toBe(usual)
})
