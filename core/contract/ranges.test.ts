import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { clamped, int4, isWithin, storableTime, timeProblem, wholeWithin } from './ranges'

describe('a number from an agent', () => {
  it('becomes unknown if it is not a whole number that can be stored', () => {
    expect(wholeWithin(137, int4)).toBe(137)
    for (const value of [2 ** 40, -(2 ** 31) - 1, 1.5, null]) expect(wholeWithin(value, int4)).toBeNull()
  })

  it('is clamped to its range', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true }), (value) => {
        expect(isWithin(clamped(value, int4), int4)).toBe(true)
        if (isWithin(value, int4)) expect(clamped(value, int4)).toBe(value)
      }),
    )
  })
})

describe('a time', () => {
  it('must be in the years 1970 to 9999, in UTC', () => {
    for (const text of ['1970-01-01T00:00:00Z', '2026-11-30T12:00:00.123456789+01:00', '9999-12-31T23:59:59.999Z'])
      expect(timeProblem(text)).toBeNull()
    const problem = 'Give a time between the years 1970 and 9999'
    for (const text of ['0000-01-01T00:00:00Z', '0001-01-01', '9999-12-31T23:59:59-12:00', '1970-01-01T00:00:00+01:00'])
      expect(timeProblem(text)).toBe(problem)
    for (const text of ['', 'soon', '+275760-09-14T00:00:00Z']) expect(timeProblem(text)).toBe(problem)
  })

  it('from an agent becomes unknown if it is invalid', () => {
    expect(storableTime('2026-11-30T12:00:00.123456789+23:00')).toBe('2026-11-29T13:00:00.123Z')
    expect(storableTime('2026-02-30T12:00:00Z')).toBe('2026-03-02T12:00:00.000Z')
    for (const text of [
      '0000-01-01T00:00:00Z',
      '0001-01-01T00:00:00Z',
      'Mon Nov 30 2026',
      '2026-13-01T00:00:00Z',
      null,
    ])
      expect(storableTime(text)).toBeNull()
  })
})
