import { expect, test } from 'vitest'
import type { ReplicaView } from '@/core/views/deployments'
import { originOf, splitAttempts, successorText } from './attempts'

const anAttempt = (overrides: Partial<ReplicaView>) =>
  ({ slot: 0, generation: 1, revision: 1, status: 'running', reserved: true, ...overrides }) as ReplicaView

const gone = { status: 'failed', reserved: false } as const

const split = (revision: number, replicas: ReplicaView[], targetReplicas = 1) => {
  const { current, ended } = splitAttempts({ replicas, targetReplicas, revision })
  return [current, ended].map((some) => some.map(({ slot, generation }) => `${slot}.${generation}`))
}

test('running attempts and the newest attempt of each slot are current, however that ended', () => {
  expect(split(1, [anAttempt({ generation: 3, ...gone }), anAttempt({ generation: 2, ...gone })])).toEqual([
    ['0.3'],
    ['0.2'],
  ])
  // Of slots beyond the desired count, only attempts that still exist are current.
  expect(split(1, [anAttempt({}), anAttempt({ slot: 1, ...gone }), anAttempt({ slot: 2 })])).toEqual([
    ['0.1', '2.1'],
    ['1.1'],
  ])
})

test('both attempts are current while an update fails; after a rollback only the running one is', () => {
  const replicas = [anAttempt({ generation: 2, revision: 2, ...gone }), anAttempt({})]
  expect(split(2, replicas)).toEqual([['0.2', '0.1'], []])
  expect(split(1, replicas)).toEqual([['0.1'], ['0.2']])
  // Nothing runs in this slot.
  expect(split(3, [anAttempt({ generation: 2, revision: 2, ...gone })])).toEqual([['0.2'], []])
})

test('each replica says why it was created, and counts only failures as attempts', () => {
  const on = (generation: number, nodeId: string, overrides: Partial<ReplicaView> = {}) =>
    anAttempt({ generation, node: { nodeId } as ReplicaView['node'], status: 'stopped', reserved: false, ...overrides })
  const life = [
    on(1, 'node-01'),
    on(2, 'node-02', { revision: 2 }),
    on(3, 'node-02', { revision: 1 }),
    on(4, 'node-03', { revision: 1 }),
    on(5, 'node-03', { revision: 1, status: 'failed' }),
    on(6, 'node-04', { revision: 1, status: 'failed' }),
    on(7, 'node-05', { revision: 1, status: 'lost' }),
    on(8, 'node-06', { revision: 1, status: 'running' }),
  ]
  expect(life.map((one) => originOf(one, life))).toEqual([
    { text: null, attempt: 1 },
    { text: 'updated to revision 2', attempt: 1 },
    { text: 'rolled back to revision 1', attempt: 1 },
    { text: 'moved from node-02', attempt: 1 },
    { text: 'rescheduled', attempt: 1 },
    { text: 'replaces the failed one on node-03', attempt: 2 },
    { text: 'replaces the failed one on node-04', attempt: 3 },
    { text: 'replaces the one lost with node-05', attempt: 1 },
  ])
  expect(life.slice(0, 3).map((one) => successorText(one, life))).toEqual([
    'replaced by revision 2',
    'replaced by revision 1',
    'moved to node-03',
  ])
  expect(successorText(on(8, 'node-06'), life)).toBeNull()
})
