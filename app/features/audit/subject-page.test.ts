import { expect, test } from 'vitest'
import { pageOf } from './subject-page'

test('what has a page leads to it', () => {
  expect(pageOf({ type: 'node', id: 'x', name: 'node-01' })).toBe('/nodes/x')
  expect(pageOf({ type: 'region', id: 'us-east', name: 'us-east' })).toBeNull()
})
