import { expect, test } from 'vitest'
import { stateOf } from './list'

const node = { status: 'active', stale: false, cordoned: false, draining: false } as const

test('a silent node is offline, whatever it said last', () => {
  expect(stateOf({ ...node, stale: true, cordoned: true })).toBe('offline')
  expect(stateOf({ ...node, status: 'offline', draining: true })).toBe('offline')
})

test('what people decided comes before how full it is', () => {
  expect(stateOf({ ...node, status: 'busy', cordoned: true })).toBe('cordoned')
  expect(stateOf({ ...node, cordoned: true, draining: true })).toBe('draining')
  expect(stateOf({ ...node, status: 'maintenance', draining: true })).toBe('maintenance')
  expect(stateOf({ ...node, status: 'busy' })).toBe('full')
  expect(stateOf({ ...node, status: 'idle' })).toBe('ready')
})
