import { expect, test } from 'vitest'
import { backoffMs } from './backoff'

const limits = { firstMs: 1_000, maxMs: 60_000 }

test('the delay doubles up to its maximum', () => {
  expect([1, 2, 3, 4].map((failures) => backoffMs(failures, limits, 1))).toEqual([1_000, 2_000, 4_000, 8_000])
  expect(backoffMs(50, limits, 1)).toBe(60_000)
})

test('the jitter takes off up to half of the delay', () => {
  expect([0, 0.5, 1].map((chance) => backoffMs(2, limits, chance))).toEqual([1_000, 1_500, 2_000])
})
