/** Random preferences for property tests, with the labels, regions and names of testing/fleets/arbitrary-fleets.ts. */
import fc from 'fast-check'
import {
  type Affinity,
  affinityText,
  type PlacementRules,
  type Preference,
  type Spread,
} from '@/core/placement/preferences'
import { idOf } from '@/testing/builders'

const weight = fc.oneof(fc.constantFrom(1, 50, 100), fc.integer({ min: 1, max: 100 }))

const preference: fc.Arbitrary<Preference> = fc.record({
  key: fc.constantFrom('disk', 'zone'),
  op: fc.constantFrom('=', '!=', 'in', 'exists'),
  values: fc.constantFrom(['a'], ['b'], ['a', 'b']),
  weight,
})

const across: fc.Arbitrary<Spread['across']> = fc.constantFrom('region', 'region', 'zone')
const evenSpread: fc.Arbitrary<Spread> = fc.record({ across, maxSkew: fc.constant(null), weight })
const limit: fc.Arbitrary<Spread> = fc.record({
  across,
  maxSkew: fc.constantFrom(1, 1, 2, 3),
  weight: fc.oneof(fc.constant(0), weight),
})

/** At most one spread is a constraint, as the API requires. */
const spread: fc.Arbitrary<Spread[]> = fc.oneof(
  fc.constant<Spread[]>([]),
  fc.array(evenSpread, { minLength: 1, maxLength: 2 }),
  limit.map((one) => [one]),
  fc.tuple(evenSpread, limit).map((both) => [...both]),
)

const places: Record<Affinity['on'], string[]> = {
  node: ['node-1', 'node-2', 'node-3', 'node-5', 'node-8'].map(idOf),
  zone: ['us-east/a', 'us-east/b', 'eu-west/a', 'shop-1/b'],
  region: ['us-east', 'eu-west', 'ap-south', 'shop-1'],
}

const topology: fc.Arbitrary<Affinity['on']> = fc.constantFrom('node', 'zone', 'region')
const affinity: fc.Arbitrary<Affinity> = topology.chain((on) =>
  fc.record({
    kind: fc.constantFrom('affinity', 'anti-affinity'),
    deployment: fc.constantFrom('db', 'cache'),
    on: fc.constant(on),
    required: fc.boolean(),
    weight,
    places: fc.subarray(places[on]),
  }),
)

export const placementRulesArbitrary: fc.Arbitrary<PlacementRules> = fc.record({
  preferences: fc.array(preference, { maxLength: 2 }),
  spread,
  affinity: fc.oneof(
    { weight: 2, arbitrary: fc.constant<Affinity[]>([]) },
    // Two rules with the same text would mean the same nodes.
    fc.uniqueArray(affinity, { maxLength: 2, selector: affinityText }),
  ),
})
