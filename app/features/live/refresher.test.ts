import { QueryClient, QueryObserver } from '@tanstack/react-query'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { makeRefresher } from './refresher'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const detailOf = (id: string) => [['deployment', 'detail'], { input: { id }, type: 'query' }]

function aPage(queryKey: readonly unknown[], answerMs = 10) {
  const queries = new QueryClient({
    defaultOptions: { queries: { staleTime: Number.POSITIVE_INFINITY, retry: false } },
  })
  const read = vi.fn(() => new Promise((resolve) => setTimeout(() => resolve(read.mock.calls.length), answerMs)))
  const observer = new QueryObserver(queries, { queryKey, queryFn: read })
  const stop = observer.subscribe(() => {})
  return { queries, read, stop, refresher: makeRefresher(queries) }
}

test('limits many changes to a few loads per second and keeps the last change', async () => {
  const { read, refresher, stop } = aPage(detailOf('a'))
  await vi.advanceTimersByTimeAsync(1000)
  expect(read).toHaveBeenCalledTimes(1)
  for (let i = 0; i < 1000; i++) {
    refresher.add({ topic: 'deployment', ids: ['a'] })
    await vi.advanceTimersByTimeAsync(2)
  }
  const during = read.mock.calls.length - 1
  expect(during).toBeGreaterThanOrEqual(3)
  expect(during).toBeLessThanOrEqual(8)
  refresher.add({ topic: 'deployment', ids: ['a'] })
  await vi.advanceTimersByTimeAsync(1000)
  expect(read.mock.calls.length - 1).toBeGreaterThan(during)
  stop()
})

test('does not restart a running query, but loads it once more afterwards', async () => {
  const { read, refresher, stop } = aPage(detailOf('a'), 2000)
  await vi.advanceTimersByTimeAsync(100)
  refresher.add({ topic: 'deployment', ids: ['a'] })
  await vi.advanceTimersByTimeAsync(1500)
  expect(read).toHaveBeenCalledTimes(1)
  await vi.advanceTimersByTimeAsync(1500)
  expect(read).toHaveBeenCalledTimes(2)
  await vi.advanceTimersByTimeAsync(10_000)
  expect(read).toHaveBeenCalledTimes(2)
  stop()
})

test('ignores unrelated changes', async () => {
  const { read, refresher, stop } = aPage(detailOf('a'))
  await vi.advanceTimersByTimeAsync(1000)
  refresher.add({ topic: 'deployment', ids: ['b'] })
  await vi.advanceTimersByTimeAsync(5000)
  expect(read).toHaveBeenCalledTimes(1)
  stop()
})

test('marks unobserved queries as stale and loads them when they are observed again', async () => {
  const { queries, read, refresher, stop } = aPage(detailOf('a'))
  await vi.advanceTimersByTimeAsync(1000)
  stop()
  refresher.add({ topic: 'deployment', ids: ['a'] })
  await vi.advanceTimersByTimeAsync(1000)
  expect(read).toHaveBeenCalledTimes(1)
  expect(queries.getQueryState(detailOf('a'))?.isInvalidated).toBe(true)
})
