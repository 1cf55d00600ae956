import fc from 'fast-check'
import { expect, test } from 'vitest'
import { policyProfiles, weightsProblem } from '@/core/placement/types'
import {
  effectivePolicy,
  type Percents,
  percentsOf,
  policyFromText,
  policyLabels,
  policyText,
  rebalanced,
  weightNames,
} from './policy-query'

const total = (percents: Percents): number => weightNames.reduce((sum, name) => sum + percents[name], 0)

const percentsArbitrary = fc
  .tuple(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 100 }))
  .map(([a, b]): Percents => {
    const [low, high] = [Math.min(a, b), Math.max(a, b)]
    return { resources: low, load: high - low, locality: 100 - high }
  })

test('after any move, the weights add up to 100 and none is negative', () => {
  fc.assert(
    fc.property(
      percentsArbitrary,
      fc.constantFrom(...weightNames),
      fc.double({ min: -20, max: 120, noNaN: true }),
      (percents, name, to) => {
        const moved = rebalanced(percents, name, to)
        expect(total(moved)).toBe(100)
        for (const one of weightNames) expect(moved[one]).toBeGreaterThanOrEqual(0)
        expect(moved[name]).toBe(Math.min(100, Math.max(0, Math.round(to))))
      },
    ),
  )
})

test('the other two weights keep their proportion, or share evenly when both were 0', () => {
  expect(rebalanced({ resources: 40, load: 30, locality: 30 }, 'resources', 70)).toEqual({
    resources: 70,
    load: 15,
    locality: 15,
  })
  expect(rebalanced({ resources: 40, load: 20, locality: 40 }, 'locality', 10)).toEqual({
    resources: 60,
    load: 30,
    locality: 10,
  })
  expect(rebalanced({ resources: 100, load: 0, locality: 0 }, 'resources', 50)).toEqual({
    resources: 50,
    load: 25,
    locality: 25,
  })
})

test('weights become whole percents that add up to 100', () => {
  expect(percentsOf(policyProfiles.spread.weights)).toEqual({ resources: 40, load: 30, locality: 30 })
  expect(percentsOf({ resources: 1 / 3, load: 1 / 3, locality: 1 / 3 })).toEqual({
    resources: 34,
    load: 33,
    locality: 33,
  })
})

test('a policy survives the round trip through the address', () => {
  fc.assert(
    fc.property(percentsArbitrary, fc.boolean(), (percents, packing) => {
      const input = policyFromText(policyText(percents, packing))
      const policy = effectivePolicy(input, policyProfiles.near)
      expect(percentsOf(policy.weights)).toEqual(percents)
      expect(policy.packing ?? false).toBe(packing)
      expect(weightsProblem(policy.weights)).toBeNull()
    }),
  )
  expect(policyFromText('pack')).toBe('pack')
})

test('an invalid value stands for the default policy', () => {
  for (const text of ['', 'fast', '40-30-31', '40-30', '400-30-30', '40-30-30-spread'])
    expect(policyFromText(text)).toBeNull()
  expect(effectivePolicy(null, policyProfiles.pack)).toBe(policyProfiles.pack)
})

test('a policy is displayed as percents', () => {
  expect(policyLabels(policyProfiles.spread)).toBe('40 % resources, 30 % load, 30 % locality')
  expect(policyLabels(policyProfiles.pack)).toBe('70 % resources, 10 % load, 20 % locality, fuller nodes first')
})
