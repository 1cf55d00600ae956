import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Change } from '@/server/db/notify'
import { LiveLog } from './live-log'

let submit: (change: Change) => void
let log: LiveLog
let changes: Change[]

beforeEach(() => {
  vi.useFakeTimers()
  log = new LiveLog({
    subscribe(listener) {
      submit = listener
      return () => undefined
    },
  })
  changes = []
  log.subscribe((change) => changes.push(change))
})
afterEach(() => {
  log.close()
  vi.useRealTimers()
})

const deployment = (...ids: string[]): Change => ({ topic: 'deployment', ids })
const node = (...ids: string[]): Change => ({ topic: 'node', ids })

test('a reader that reconnects receives what changed meanwhile, each id once', () => {
  submit(deployment('before'))
  const { cursor } = log
  submit(deployment('a'))
  submit(deployment('b'))
  submit(deployment('a'))
  submit({ topic: 'user', ids: ['u'] })
  expect(log.since(cursor)).toEqual([
    { topic: 'deployment', ids: ['b', 'a'] },
    { topic: 'user', ids: ['u'] },
  ])
  expect(log.since(log.cursor)).toEqual([])
})

test('an event id of another process has no known successors', () => {
  submit(deployment('a'))
  const other = new LiveLog({ subscribe: () => () => undefined })
  expect(log.since(other.cursor)).toBeNull()
  expect(log.since('')).toBeNull()
  expect(log.since(`${log.cursor}0`)).toBeNull()
})

test('a change without ids means all ids of its topic, also after a reconnect', () => {
  const { cursor } = log
  submit(deployment('a'))
  submit(deployment())
  submit(deployment('b'))
  expect(log.since(cursor)).toEqual([deployment()])
})

test('batches heartbeats: a thousand become one event without ids, a few keep their ids', () => {
  for (let i = 0; i < 1000; i++) submit(node(`n${i}`))
  expect(changes).toEqual([])
  vi.advanceTimersByTime(1000)
  expect(changes).toEqual([node()])
  submit(node('a'))
  submit(node('b', 'a'))
  vi.advanceTimersByTime(1000)
  expect(changes).toEqual([node(), node('a', 'b')])
})

test('heartbeats do not delay changes made by people', () => {
  submit(node('n'))
  submit(deployment('a'))
  expect(changes).toEqual([deployment('a')])
})

test('after a change was evicted, a reader learns that any id of the topic may have changed', () => {
  submit(deployment('first'))
  const early = log.cursor
  for (let i = 0; i < 20_000; i++) submit(deployment(`d${i}`))
  const late = log.cursor
  submit(deployment('last'))
  submit(deployment('very last'))
  expect(log.since(early)).toEqual([deployment()])
  expect(log.since(late)).toEqual([deployment('last', 'very last')])
})

test('pages do not receive changes between agents and schedulers', () => {
  submit({ topic: 'wanted', ids: ['n'] })
  submit({ topic: 'evaluation', ids: [] })
  vi.advanceTimersByTime(1000)
  expect(changes).toEqual([])
})
