import { expect, test } from 'vitest'
import { knownMoments, stepFrom } from './steps'

const iso = (at: number) => new Date(at).toISOString()
const known = knownMoments({ at: iso(50), before: [10, 30].map(iso), after: [70].map(iso) })

test('steps to the next change, also from the time of a change', () => {
  expect(stepFrom(known, 50, 'back')).toBe(30)
  expect(stepFrom(known, 30, 'back')).toBe(10)
  expect(stepFrom(known, 41, 'back')).toBe(30)
  expect(stepFrom(known, 50, 'on')).toBe(70)
})

test('steps to the edge beyond the last change', () => {
  expect(stepFrom(known, 10, 'back')).toBe('edge')
  expect(stepFrom(known, 70, 'on')).toBe('edge')
})

test('returns null while the next change is unknown', () => {
  const many = knownMoments({ at: iso(1000), before: Array.from({ length: 40 }, (_, i) => iso(i)), after: [] })
  expect(stepFrom(many, 0, 'back')).toBeNull()
  expect(stepFrom(many, 1000, 'on')).toBe('edge')
  expect(stepFrom(known, 5, 'back')).toBeNull()
  expect(stepFrom(null, 50, 'on')).toBeNull()
})
