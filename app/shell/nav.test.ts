import { expect, test } from 'vitest'
import { destinations } from './nav'

test('each key leads to exactly one page', () => {
  const keys = destinations.flatMap(({ key }) => key ?? [])
  expect(keys).toEqual([...new Set(keys)])
})
