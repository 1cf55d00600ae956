import { expect, test } from 'vitest'
import type { ReplicaView } from '@/server/domain/views'
import { splitAttempts } from './attempts'

const anAttempt = (overrides: Partial<ReplicaView>) =>
  ({ slot: 0, generation: 1, revision: 1, status: 'running', reserved: true, ...overrides }) as ReplicaView

const gone = { status: 'failed', reserved: false } as const

const split = (revision: number, replicas: ReplicaView[], targetReplicas = 1) => {
  const { current, ended } = splitAttempts({ replicas, targetReplicas, revision })
  return [current, ended].map((some) => some.map(({ slot, generation }) => `${slot}.${generation}`))
}

test('what runs is in sight, and so is the newest attempt of each slot, however it ended', () => {
  expect(split(1, [anAttempt({ generation: 3, ...gone }), anAttempt({ generation: 2, ...gone })])).toEqual([
    ['0.3'],
    ['0.2'],
  ])
  // Beyond what is wanted only what is still there.
  expect(split(1, [anAttempt({}), anAttempt({ slot: 1, ...gone }), anAttempt({ slot: 2 })])).toEqual([
    ['0.1', '2.1'],
    ['1.1'],
  ])
})

test('while an update fails, both are in sight; after it was rolled back only what runs', () => {
  const replicas = [anAttempt({ generation: 2, revision: 2, ...gone }), anAttempt({})]
  expect(split(2, replicas)).toEqual([['0.2', '0.1'], []])
  expect(split(1, replicas)).toEqual([['0.1'], ['0.2']])
  // Nothing runs in its place.
  expect(split(3, [anAttempt({ generation: 2, revision: 2, ...gone })])).toEqual([['0.2'], []])
})
