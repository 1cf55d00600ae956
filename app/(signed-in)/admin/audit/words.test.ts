import { expect, test } from 'vitest'
import { differenceText, pageOf } from './words'

test('a change is told in one line', () => {
  expect(differenceText({ field: 'role', before: 'viewer', after: 'operator' })).toBe('role: viewer → operator')
  expect(differenceText({ field: 'expiresInHours', before: null, after: '24' })).toBe('expires in hours: 24')
  expect(differenceText({ field: 'status', before: 'running', after: null })).toBe('status was running')
})

test('what has a page leads to it', () => {
  expect(pageOf({ type: 'node', id: 'x', name: 'node-01' })).toBe('/nodes/x')
  expect(pageOf({ type: 'region', id: 'us-east', name: 'us-east' })).toBeNull()
})
