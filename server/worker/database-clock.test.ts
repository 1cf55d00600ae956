import { expect, test } from 'vitest'
import { DatabaseClock } from './database-clock'

const noon = Date.parse('2026-03-01T12:00:00Z')

function aClock() {
  let steadyMs = 5_000
  const clock = new DatabaseClock(() => steadyMs)
  return { clock, pass: (milliseconds: number) => (steadyMs += milliseconds) }
}

test('carries the time of the database on', () => {
  const { clock, pass } = aClock()
  expect(() => clock.now()).toThrow('not known yet')
  expect(clock.learn(new Date(noon))).toBe(0)
  pass(700)
  expect(clock.now()).toEqual(new Date(noon + 700))
})

test('takes small differences without a word: an answer may be late', () => {
  const { clock, pass } = aClock()
  clock.learn(new Date(noon))
  pass(1_000)
  expect(clock.learn(new Date(noon + 2_900))).toBe(0)
  expect(clock.now()).toEqual(new Date(noon + 2_900))
})

test.each([3_600_000, -3_600_000])('tells a jump by %i ms once', (jumpMs) => {
  const { clock, pass } = aClock()
  clock.learn(new Date(noon))
  pass(1_000)
  expect(clock.learn(new Date(noon + 1_000 + jumpMs))).toBe(jumpMs)
  pass(1_000)
  expect(clock.learn(new Date(noon + 2_000 + jumpMs))).toBe(0)
})
