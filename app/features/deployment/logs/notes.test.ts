import { expect, test } from 'vitest'
import type { LogState } from '@/core/logs/log'
import type { ReplicaView } from '@/core/views/deployments'
import { noteOf } from './notes'
import { chosenReplicas, logHref, nameOf, titleOf } from './sources'

const aReplica = (overrides: Partial<ReplicaView> = {}, node: Partial<ReplicaView['node']> = {}): ReplicaView => ({
  id: `${overrides.slot ?? 0}.${overrides.generation ?? 1}`,
  slot: 0,
  generation: 1,
  revision: 1,
  node: {
    id: 'n',
    nodeId: 'node-07',
    region: 'eu-west',
    simulated: true,
    status: 'active',
    address: null,
    lastHeartbeat: '14:02:00',
    ...node,
  },
  status: 'running',
  wanted: 'run',
  reserved: true,
  reason: null,
  exitCode: null,
  health: null,
  unhealthySince: null,
  checkOutput: null,
  standstill: null,
  restarts: { count: 0, inARow: 0, nextAt: null, lastEnd: null },
  containerId: null,
  ports: [],
  score: null,
  decisionId: null,
  createdAt: '',
  startedAt: null,
  finishedAt: null,
  ...overrides,
})
const note = (replica: ReplicaView, lastAt: string | null, state: LogState | null = null, message = '') =>
  noteOf(replica, { log: { state, message, newest: lastAt }, title: titleOf(replica, [replica]), clock: (at) => at })
    ?.text ?? null

test('there is no note while lines arrive', () => {
  expect(note(aReplica(), '14:01:58', 'following')).toBeNull()
})

test.each([
  [
    aReplica({}, { status: 'offline' }),
    '14:01:58',
    'node-07 has been offline since 14:02:00; the last log line is from 14:01:58.',
  ],
  [aReplica({}, { status: 'offline' }), null, 'node-07 has been offline since 14:02:00; no log was kept.'],
  [
    aReplica({ status: 'failed', reason: 'exited with code 1', generation: 3 }),
    '14:00:00',
    'Replica 1 on node-07 failed: exited with code 1.',
  ],
  [aReplica({ status: 'stopped' }), null, 'Replica 1 on node-07 stopped; no log was kept.'],
  [aReplica({ status: 'starting' }), null, 'Replica 1 on node-07 has not started yet.'],
  [aReplica(), null, 'Waiting for node-07 to send the log of replica 1.'],
])('a note explains missing lines: %#', (replica, lastAt, text) => {
  expect(note(replica, lastAt)).toBe(text)
})

test('an empty log, a log not read yet and an unreadable log have different notes', () => {
  expect(note(aReplica(), null, 'following')).toBe('Replica 1 on node-07 has not logged anything yet.')
  expect(note(aReplica(), null, 'unavailable', 'no such driver')).toBe(
    'Replica 1 on node-07: cannot read its log: no such driver',
  )
})

test('replicas come from the address, else the current ones are chosen, else the newest ended ones', () => {
  const ended = { status: 'failed', reserved: false } as const
  const replicas = [
    aReplica({ generation: 2 }),
    aReplica(ended),
    aReplica({ slot: 1 }),
    aReplica({ slot: 5, ...ended }),
  ]
  const names = (given: string[] | null, targetReplicas = 2) =>
    chosenReplicas({ replicas, targetReplicas, revision: 1 }, given).map(nameOf)
  expect(names(null)).toEqual(['1.2', '2'])
  expect(names(['1', '6', 'x'])).toEqual(['1', '6'])
  expect(names([])).toEqual([])
  const over = [aReplica({ ...ended, generation: 2 }), aReplica(ended)]
  expect(chosenReplicas({ replicas: over, targetReplicas: 0, revision: 1 }, null).map(nameOf)).toEqual(['1.2'])
  expect(logHref('d', { slot: 1, generation: 3 }, '2026-01-01T00:00:00.000Z')).toBe(
    '/deployments/d?tab=logs&replicas=2.3&at=2026-01-01T00%3A00%3A00.000Z',
  )
})

test('a name includes the attempt only when it is not the newest of its slot', () => {
  const replicas = [1, 2, 3].map((generation) => aReplica({ generation }))
  expect(replicas.map((replica) => titleOf(replica, replicas))).toEqual(['1 (attempt 1)', '1 (attempt 2)', '1'])
})
