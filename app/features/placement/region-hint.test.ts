import { expect, test } from 'vitest'
import { regionHint } from './region-hint'

test('says that a region has no nodes, once no region name begins with it', () => {
  const regions = ['eu-west', 'us-east']
  const usual = 'Preferred region (blank = any).'
  for (const typed of ['', ' ', 'u', 'us-e', 'us-east']) expect(regionHint(typed, regions)).toBe(usual)
  expect(regionHint('mars', regions)).toBe('No nodes in mars: nearest nodes come first.')
  // The regions have not loaded yet.
  expect(regionHint('mars', [])).toBe(usual)
})
