import { expect, test } from 'vitest'
import { stateOf } from './list'

const node = { status: 'active', stale: false, cordoned: false, draining: false } as const

test('an unreachable node is offline, whatever it last reported', () => {
  expect(stateOf({ ...node, stale: true, cordoned: true })).toBe('offline')
  expect(stateOf({ ...node, status: 'offline', draining: true })).toBe('offline')
})

test('cordon, drain and maintenance take precedence over how full a node is', () => {
  expect(stateOf({ ...node, status: 'busy', cordoned: true })).toBe('cordoned')
  expect(stateOf({ ...node, cordoned: true, draining: true })).toBe('draining')
  expect(stateOf({ ...node, status: 'maintenance', draining: true })).toBe('maintenance')
  expect(stateOf({ ...node, status: 'busy' })).toBe('full')
  expect(stateOf({ ...node, status: 'idle' })).toBe('ready')
})
