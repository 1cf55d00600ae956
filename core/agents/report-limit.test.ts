import { expect, test } from 'vitest'
import { ReportLimit, reportLimit } from './report-limit'

const { burst, perSecond } = reportLimit
const setUp = () => {
  const time = { ms: 5_000 }
  const limit = new ReportLimit(() => time.ms)
  const take = (count: number, nodeId = 'a') => limit.take(Array.from({ length: count }, () => nodeId))
  return { time, limit, take }
}

test('a burst is accepted, and further reports once tokens are available again', () => {
  const { time, take } = setUp()
  expect([take(burst - 1), take(1)]).toEqual([null, null])
  const waitMs = take(1)
  expect(waitMs).toBe(1_000 / perSecond)
  time.ms += waitMs ?? 0
  expect(take(1)).toBeNull()
  // Tokens never exceed one burst, however long the node sends nothing.
  time.ms += 1e9
  expect([take(burst), take(1)]).toEqual([null, 1_000 / perSecond])
})

test('a call larger than the remaining tokens is accepted once, and delays the next one', () => {
  const { time, take } = setUp()
  expect(take(burst + 10 * perSecond)).toBeNull()
  expect(take(1)).toBe(10_000 + 1_000 / perSecond)
  time.ms += 10_000
  expect(take(1)).not.toBeNull()
  time.ms += 1_000 / perSecond
  expect(take(1)).toBeNull()
})

test('each node has its own limit, and a refused call takes no tokens', () => {
  const { limit, take } = setUp()
  expect(take(burst)).toBeNull()
  expect(take(burst - 1, 'b')).toBeNull()
  expect(limit.take(['a', 'b'])).not.toBeNull()
  expect([take(1, 'b'), take(1, 'c')]).toEqual([null, null])
  expect(limit.take([])).toBeNull()
})
