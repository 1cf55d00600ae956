import { expect, test } from 'vitest'
import { DatabaseClock } from './database-clock'

const noon = Date.parse('2026-03-01T12:00:00Z')

function aClock() {
  let monotonicMs = 5_000
  const clock = new DatabaseClock(() => monotonicMs)
  return {
    clock,
    pass: (milliseconds: number) => (monotonicMs += milliseconds),
    /** The database says `time`, and `wayMs` later its answer arrives. */
    hear: (time: number, wayMs = 0) => {
      const askedMs = monotonicMs
      monotonicMs += wayMs
      return clock.learn(new Date(time), askedMs)
    },
  }
}

test('carries the time of the database on', () => {
  const { clock, pass, hear } = aClock()
  expect(() => clock.now()).toThrow('not known yet')
  expect(hear(noon)).toBe(0)
  pass(700)
  expect(clock.now()).toEqual(new Date(noon + 700))
})

test('takes small differences without a word: an answer may be late', () => {
  const { clock, pass, hear } = aClock()
  hear(noon)
  pass(1_000)
  expect(hear(noon + 2_900)).toBe(0)
  expect(clock.now()).toEqual(new Date(noon + 2_900))
})

test.each([3_600_000, -3_600_000])('tells a jump by %i ms once', (jumpMs) => {
  const { pass, hear } = aClock()
  hear(noon)
  pass(1_000)
  expect(hear(noon + 1_000 + jumpMs)).toBe(jumpMs)
  pass(1_000)
  expect(hear(noon + 2_000 + jumpMs)).toBe(0)
})

test('takes an answer that was long on its way for no jump, nor the quick one after it', () => {
  const { clock, pass, hear } = aClock()
  hear(noon)
  pass(1_000)
  expect(hear(noon + 1_000, 45_000)).toBe(0)
  expect(hear(noon + 46_000)).toBe(0)
  expect(clock.now()).toEqual(new Date(noon + 46_000))
})

test('tells of a jump that a slow answer explains only in part', () => {
  const { hear } = aClock()
  hear(noon)
  expect(hear(noon - 600_000, 3_000)).toBe(-600_000)
})
