import { describe, expect, test } from 'vitest'
import { earliestLossSeconds, heartbeatProblems } from './settings'

describe('a heartbeat setting', () => {
  test.each([
    [5, 15],
    [1, 3],
    [60, 600],
    [20, 40],
  ])('fits: every %d s, offline after %d s', (everySeconds, limitSeconds) => {
    expect(heartbeatProblems({ everySeconds, limitSeconds })).toEqual({})
  })

  test.each([
    [0, 15, { everySeconds: 'The interval must be whole seconds from 1 to 60' }],
    [2.5, 15, { everySeconds: 'The interval must be whole seconds from 1 to 60' }],
    [5, 601, { limitSeconds: 'The limit must be whole seconds from 3 to 600' }],
    [
      Number.NaN,
      Number.NaN,
      {
        everySeconds: expect.stringContaining('whole seconds'),
        limitSeconds: expect.stringContaining('whole seconds'),
      },
    ],
    [20, 39, { limitSeconds: expect.stringContaining('at least twice the interval (40 s)') }],
  ])('does not fit: every %d s, offline after %d s', (everySeconds, limitSeconds, problems) => {
    expect(heartbeatProblems({ everySeconds, limitSeconds })).toEqual(problems)
  })

  test('delays every loss until an outage of many nodes would have been noticed', () => {
    expect(earliestLossSeconds({ everySeconds: 5, limitSeconds: 15 })).toBe(22)
  })
})
