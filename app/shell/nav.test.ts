import { expect, test } from 'vitest'
import { destinations } from './nav'

test('a key leads to one place', () => {
  const keys = destinations.flatMap(({ key }) => key ?? [])
  expect(keys).toEqual([...new Set(keys)])
})
