import { expect, test } from 'vitest'
import { capacityShares } from './capacity'

test('the outline is the reserved share of the capacity, the fill what is used', () => {
  expect(capacityShares(8000, 2000, 40)).toEqual({ reserved: 25, used: 40, usedBeyondReserved: true })
  expect(capacityShares(8000, 6000, 40)).toEqual({ reserved: 75, used: 40, usedBeyondReserved: false })
})

test('unknown usage is not drawn as zero', () => {
  expect(capacityShares(8000, 0, null)).toEqual({ reserved: 0, used: null, usedBeyondReserved: false })
})

test('a node without the resource has nothing reserved', () => {
  expect(capacityShares(0, 0, null).reserved).toBe(0)
})

test('shares never exceed 100 %, even on a node that shrank below its reservations', () => {
  expect(capacityShares(1000, 4000, 130)).toEqual({ reserved: 100, used: 100, usedBeyondReserved: false })
})
