import { expect, test } from 'vitest'
import { planOfReturn, type ReturningReplica } from './return'

const plan = (overrides: Partial<ReturningReplica>) =>
  planOfReturn({
    slot: 0,
    status: 'running',
    wanted: 'run',
    deployment: { status: 'running', targetReplicas: 1 },
    successor: null,
    ...overrides,
  })
const successor = { generation: 2, nodeName: 'node-07' }

test('a replica that is still desired is kept', () => {
  expect(plan({}).plan).toBe('keep')
  expect(plan({ status: 'starting' }).plan).toBe('keep')
})

test('a replica that was replaced while its node was offline is stopped, with its replacement as the reason', () => {
  expect(plan({ status: 'lost', wanted: 'stop', successor })).toEqual({
    plan: 'stop',
    why: 'Replaced by generation 2 on node-07 while the node was offline',
  })
})

test('a lost replica is stopped even if its slot has no new node yet', () => {
  expect(plan({ status: 'lost', wanted: 'stop' })).toEqual({
    plan: 'stop',
    why: 'Given up while the node was offline; another attempt has no node yet',
  })
})

test('a replica that an update of the deployment replaced is updated', () => {
  expect(plan({ wanted: 'stop', successor })).toEqual({
    plan: 'update',
    why: 'A change of the deployment replaced it by generation 2 on node-07',
  })
})

test('a replica of a deleted or scaled-down deployment is stopped', () => {
  const deleted = { status: 'deleted', targetReplicas: 1 } as const
  expect(plan({ wanted: 'stop', deployment: deleted, successor }).why).toBe('Its deployment was deleted')
  expect(plan({ wanted: 'stop', slot: 3 }).why).toBe('The deployment was scaled to 1')
  expect(plan({ wanted: 'stop' }).why).toBe('Not wanted here any more')
})
