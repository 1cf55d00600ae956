import { expect, test } from 'vitest'
import { coresNumber, coresText, roundMemoryText } from '@/core/placement/resources'
import { formatAge, formatDuration, formatGap, formatList, formatPair } from './format'

test.each([
  [0, '0 ms'],
  [850, '850 ms'],
  [4_200, '4.2 s'],
  [59_400, '59 s'],
  [60_000, '1 min'],
  [200_000, '3 min 20 s'],
  [7_500_000, '2 h 5 min'],
  [273_600_000, '3 d 4 h'],
])('%i ms last %s', (ms, text) => expect(formatDuration(ms)).toBe(text))

test.each([
  [0, 'now'],
  [999, 'now'],
  [12_999, '12 s'],
  [240_000, '4 min'],
  [3 * 3_600_000, '3 h'],
  [12 * 86_400_000, '12 d'],
])('an age of %i ms is %s', (ms, text) => expect(formatAge(ms)).toBe(text))

test('a pair names its unit once, unless the units differ', () => {
  expect(formatPair(1024, 8192, roundMemoryText)).toBe('1 / 8 GiB')
  expect(formatPair(512, 8192, roundMemoryText)).toBe('512 MiB / 8 GiB')
  expect(formatPair(0, 8192, roundMemoryText)).toBe('0 / 8 GiB')
  expect(formatPair(1500, 4000, coresText)).toBe('1.5 / 4 cores')
  expect(formatPair(1000, 4000, coresText)).toBe('1 / 4 cores')
  expect(formatPair(500, 1000, coresText)).toBe('0.5 / 1 core')
  expect(formatPair(1500, 4000, coresNumber)).toBe('1.5 / 4')
})

test('a gap has a true minus sign', () => {
  expect(formatGap(-0.0321)).toBe('−0.032')
  expect(formatGap(0.02)).toBe('+0.020')
})

test('a list reads as a sentence', () => {
  expect(formatList([])).toBe('')
  expect(formatList(['a'])).toBe('a')
  expect(formatList(['a', 'b', 'c'])).toBe('a, b and c')
})
