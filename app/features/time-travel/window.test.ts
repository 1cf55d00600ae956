import { describe, expect, test } from 'vitest'
import { windowAround } from './window'

const minute = 60_000
const hour = 60 * minute
const now = 1_000 * hour
const asked = { spanMs: hour, at: null, now, oldest: 0 }

describe('the window of a scrubber', () => {
  test('ends now and moves with it', () => {
    const first = windowAround(null, asked)
    expect(first).toEqual({ from: now - hour, to: now, endsNow: true })
    expect(windowAround(first, { ...asked, now: now + minute }).to).toBe(now + minute)
  })

  test('stays in place while the shown time is inside', () => {
    const first = windowAround(null, { ...asked, at: now - minute })
    expect(first.to).toBe(now)
    expect(windowAround(first, { ...asked, at: now - 30 * minute, now: now + 10 * minute })).toBe(first)
  })

  test('moves to a time outside, and changes with the requested length', () => {
    const first = windowAround(null, asked)
    const at = now - 10 * hour
    const moved = windowAround(first, { ...asked, at })
    expect(moved).toEqual({ from: at - hour / 2, to: at + hour / 2, endsNow: false })
    expect(windowAround(moved, { ...asked, at, spanMs: 4 * hour })).toMatchObject({
      from: at - 2 * hour,
      to: at + 2 * hour,
    })
  })

  test('does not begin before the records do and is never empty', () => {
    expect(windowAround(null, { ...asked, oldest: now - 10 * minute }).from).toBe(now - 10 * minute)
    expect(windowAround(null, { ...asked, spanMs: null, oldest: now - 5 * hour }).from).toBe(now - 5 * hour)
    expect(windowAround(null, { ...asked, spanMs: null, oldest: now }).from).toBe(now - minute)
  })

  test('shows the beginning of the records for any time before', () => {
    const oldest = now - 10 * hour
    const first = windowAround(null, { ...asked, at: oldest - 100 * hour, oldest })
    expect(first).toEqual({ from: oldest, to: oldest + hour / 2, endsNow: false })
    expect(windowAround(first, { ...asked, at: oldest - 100 * hour, oldest })).toBe(first)
  })

  test('contains a time slightly after now', () => {
    const at = now + 400
    const first = windowAround(null, { ...asked, at })
    expect(first.to).toBe(at)
    expect(windowAround(first, { ...asked, at })).toBe(first)
  })
})
