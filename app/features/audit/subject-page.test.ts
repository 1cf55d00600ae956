import { expect, test } from 'vitest'
import { pageOf } from './subject-page'

test('links each kind of target that has a page', () => {
  expect(pageOf({ type: 'node', id: 'x', name: 'node-01' })).toBe('/nodes/x')
  expect(pageOf({ type: 'region', id: 'us-east', name: 'us-east' })).toBeNull()
})
