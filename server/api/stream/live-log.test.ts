import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Change } from '@/server/db/notify'
import { LiveLog } from './live-log'

let submit: (change: Change) => void
let log: LiveLog
let heard: Change[]

beforeEach(() => {
  vi.useFakeTimers()
  log = new LiveLog({
    subscribe(listener) {
      submit = listener
      return () => undefined
    },
  })
  heard = []
  log.subscribe((change) => heard.push(change))
})
afterEach(() => {
  log.close()
  vi.useRealTimers()
})

const deployment = (...ids: string[]): Change => ({ topic: 'deployment', ids })
const node = (...ids: string[]): Change => ({ topic: 'node', ids })

test('who comes back is told what changed meanwhile, each thing once', () => {
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

test('of an event of another process nobody knows what followed', () => {
  submit(deployment('a'))
  const other = new LiveLog({ subscribe: () => () => undefined })
  expect(log.since(other.cursor)).toBeNull()
  expect(log.since('')).toBeNull()
  expect(log.since(`${log.cursor}0`)).toBeNull()
})

test('what has no ids concerns all of its kind, for who was away, too', () => {
  const { cursor } = log
  submit(deployment('a'))
  submit(deployment())
  submit(deployment('b'))
  expect(log.since(cursor)).toEqual([deployment()])
})

test('heartbeats are gathered: a thousand of them are one event without ids, a few keep theirs', () => {
  for (let i = 0; i < 1000; i++) submit(node(`n${i}`))
  expect(heard).toEqual([])
  vi.advanceTimersByTime(1000)
  expect(heard).toEqual([node()])
  submit(node('a'))
  submit(node('b', 'a'))
  vi.advanceTimersByTime(1000)
  expect(heard).toEqual([node(), node('a', 'b')])
})

test('a change of people is not kept waiting by heartbeats', () => {
  submit(node('n'))
  submit(deployment('a'))
  expect(heard).toEqual([deployment('a')])
})

test('what was forgotten is owned up to: any of its kind may have changed', () => {
  submit(deployment('first'))
  const early = log.cursor
  for (let i = 0; i < 20_000; i++) submit(deployment(`d${i}`))
  const late = log.cursor
  submit(deployment('last'))
  submit(deployment('very last'))
  expect(log.since(early)).toEqual([deployment()])
  expect(log.since(late)).toEqual([deployment('last', 'very last')])
})

test('what agents and schedulers tell each other is not for pages', () => {
  submit({ topic: 'wanted', ids: ['n'] })
  submit({ topic: 'evaluation', ids: [] })
  vi.advanceTimersByTime(1000)
  expect(heard).toEqual([])
})
