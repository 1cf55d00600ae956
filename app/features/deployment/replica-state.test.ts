import { expect, test } from 'vitest'
import type { RestartView } from '@/core/views/deployments'
import { replicaStateStyle, restartsText } from './replica-state'

const restarts = (overrides: Partial<RestartView> = {}): RestartView => ({
  count: 0,
  inARow: 0,
  nextAt: null,
  lastEnd: null,
  ...overrides,
})
const node = { status: 'active' } as const
const lastEnd = { at: '2026-03-01T12:00:00Z', reason: 'exited with code 1' }
const shown = { status: 'starting', health: null, standstill: null, restarts: restarts(), node } as const

test('a restarting, paused or unhealthy replica shows that in place of its status', () => {
  const labelOf = (overrides: Partial<Parameters<typeof replicaStateStyle>[0]>) =>
    replicaStateStyle({ ...shown, ...overrides }).label
  expect(labelOf({})).toBe('Starting')
  expect(labelOf({ restarts: restarts({ lastEnd }) })).toBe('Restarting')
  expect(labelOf({ standstill: 'paused' })).toBe('Paused')
  expect(labelOf({ standstill: 'restarting' })).toBe('Restarting')
  expect(labelOf({ status: 'running', health: 'unhealthy' })).toBe('Unhealthy')
  expect(labelOf({ status: 'running', restarts: restarts({ count: 7, lastEnd }) })).toBe('Running')
  expect(labelOf({ status: 'running', health: 'unhealthy', node: { status: 'offline' } })).toBe('Unknown, was running')
})

test('restarts are counted, and called a crash loop while they continue', () => {
  const textOf = (status: 'running' | 'starting', overrides: Partial<RestartView>) =>
    restartsText({ status, restarts: restarts(overrides) })
  expect(textOf('running', {})).toBeNull()
  expect(textOf('running', { count: 1, inARow: 1 })).toBe('1 restart')
  expect(textOf('starting', { count: 2, inARow: 2 })).toBe('2 restarts')
  expect(textOf('starting', { count: 7, inARow: 7, nextAt: lastEnd.at })).toBe('crash loop: 7 restarts')
  expect(textOf('running', { count: 7, inARow: 7 })).toBe('7 restarts')
})
