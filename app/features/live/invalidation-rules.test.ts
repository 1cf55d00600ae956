import { describe, expect, test } from 'vitest'
import type { LiveChange } from '@/core/views/live'
import { Changes, isInvalidated } from './invalidation-rules'

const key = (path: string, input?: object) => [path.split('.'), { ...(input && { input }), type: 'query' }]

const changesOf = (...list: LiveChange[]): Changes => {
  const changes = new Changes()
  for (const change of list) changes.add(change)
  return changes
}

describe('a change to one deployment', () => {
  const changes = changesOf({ topic: 'deployment', ids: ['a', 'b'] })

  test('invalidates its own pages and every list that may contain it', () => {
    expect(isInvalidated(key('deployment.detail', { id: 'a' }), changes)).toBe(true)
    expect(isInvalidated(key('deployment.timeline', { id: 'b' }), changes)).toBe(true)
    expect(isInvalidated(key('deployment.page', { search: 'x' }), changes)).toBe(true)
    expect(isInvalidated(key('placement.preview', { replicas: 1 }), changes)).toBe(true)
  })

  test('does not invalidate other deployments, other topics or immutable data', () => {
    expect(isInvalidated(key('deployment.detail', { id: 'c' }), changes)).toBe(false)
    expect(isInvalidated(key('user.list'), changes)).toBe(false)
    expect(isInvalidated(key('decision.get', { id: 'a' }), changes)).toBe(false)
  })
})

test('a change without ids affects all of the topic, even when merged with ids', () => {
  const changes = changesOf({ topic: 'node', ids: [] }, { topic: 'node', ids: ['a'] })
  expect(isInvalidated(key('node.get', { id: 'z' }), changes)).toBe(true)
  expect(isInvalidated(key('user.list'), changes)).toBe(false)
})

test('a reconnect invalidates everything that can change', () => {
  const changes = changesOf({ topic: 'hello', ids: [] })
  for (const path of ['deployment.page', 'node.page', 'user.list', 'joinToken.list', 'me.get'])
    expect(isInvalidated(key(path), changes)).toBe(true)
  expect(isInvalidated(key('decision.get', { id: 'a' }), changes)).toBe(false)
})

test('invalidates queries that have no rule', () => {
  expect(isInvalidated(key('something.new'), changesOf({ topic: 'token', ids: ['a'] }))).toBe(true)
})
