import { expect, test } from 'vitest'
import { byOurClock } from './clock'
import type { ReplicaReport } from './protocol'

const now = new Date('2026-03-01T12:00:00.000Z')
const seenAt = (observedAt: string | null, sentAt: string | null) =>
  byOurClock([{ observedAt } as ReplicaReport], sentAt, now)[0]?.observedAt

test('an observation sent ten minutes late is dated ten minutes ago, however wrong the agent’s clock is', () => {
  expect(seenAt('2026-03-01T11:50:00Z', '2026-03-01T12:00:00Z')).toBe('2026-03-01T11:50:00.000Z')
  expect(seenAt('1999-12-31T23:50:00Z', '2000-01-01T00:00:00Z')).toBe('2026-03-01T11:50:00.000Z')
  expect(seenAt('2031-01-01T02:00:00+02:00', '2031-01-01T00:10:00Z')).toBe('2026-03-01T11:50:00.000Z')
})

test('an observation is never dated in the future, and has no time if the agent did not send one', () => {
  expect(seenAt('2026-03-01T13:00:00Z', '2026-03-01T12:00:00Z')).toBe(now.toISOString())
  expect(seenAt(null, '2026-03-01T12:00:00Z')).toBeNull()
  expect(seenAt('2026-03-01T11:00:00Z', null)).toBeNull()
})

test('a start time is corrected like observation times, and stays as reported without a time of sending', () => {
  const startOf = (startedAt: string | null, sentAt: string | null) =>
    byOurClock([{ observedAt: null, startedAt } as ReplicaReport], sentAt, now)[0]?.startedAt
  expect(startOf('1999-12-31T23:50:00Z', '2000-01-01T00:00:00Z')).toBe('2026-03-01T11:50:00.000Z')
  expect(startOf('2031-01-01T00:00:00Z', '2031-01-01T00:10:00Z')).toBe('2026-03-01T11:50:00.000Z')
  expect(startOf('2026-03-01T13:00:00Z', '2026-03-01T12:00:00Z')).toBe(now.toISOString())
  expect(startOf(null, '2026-03-01T12:00:00Z')).toBeNull()
  expect(startOf('2026-03-01T11:00:00Z', null)).toBe('2026-03-01T11:00:00Z')
})
