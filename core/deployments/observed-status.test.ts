import { describe, expect, test } from 'vitest'
import { healthOf, type ReplicaState, statusAfterObservation } from './observed-status'
import { deploymentStatuses } from './status'

const aReplica = (overrides: Partial<ReplicaState> = {}): ReplicaState => ({
  slot: 0,
  generation: 1,
  status: 'running',
  wanted: 'run',
  reserved: true,
  current: true,
  health: null,
  reason: null,
  ...overrides,
})

describe('the status that follows from what was seen', () => {
  test('is running once a live replica of every slot runs', () => {
    const one = aReplica()
    expect(statusAfterObservation('scheduled', 2, [one, aReplica({ slot: 1, status: 'starting' })])).toBeNull()
    expect(statusAfterObservation('scheduled', 2, [one, aReplica({ slot: 1 })])).toEqual({
      status: 'running',
      reason: 'All 2 replicas started',
    })
    expect(statusAfterObservation('scheduled', 1, [one])?.reason).toBe('All 1 replica started')
  })

  test('is pending again when a slot has no live replica, with the reason of its newest attempt', () => {
    const attempts = [
      aReplica(),
      aReplica({ slot: 1, generation: 1, status: 'failed', wanted: 'stop', reason: 'first' }),
      aReplica({ slot: 1, generation: 2, status: 'failed', wanted: 'stop', reason: 'exited with code 3' }),
    ]
    for (const current of ['scheduled', 'running'] as const)
      expect(statusAfterObservation(current, 2, attempts)).toEqual({
        status: 'pending',
        reason: 'Replica 2 is gone: exited with code 3',
      })
  })

  test('is not yet running while the replicas of an old revision fill slots', () => {
    const old = aReplica({ slot: 1, current: false })
    const next = aReplica({ slot: 1, generation: 2, status: 'starting' })
    expect(statusAfterObservation('scheduled', 2, [aReplica(), old, next])).toBeNull()
    expect(statusAfterObservation('scheduled', 2, [aReplica(), old, { ...next, status: 'running' }])?.status).toBe(
      'running',
    )
  })

  test('is stopped when nothing is wanted and nothing is held', () => {
    expect(statusAfterObservation('pending', 0, [aReplica({ wanted: 'stop' })])).toBeNull()
    expect(statusAfterObservation('pending', 0, [aReplica({ wanted: 'stop', reserved: false })])?.status).toBe(
      'stopped',
    )
  })

  test('leaves statuses alone that wait for the scheduler or for a person', () => {
    for (const current of deploymentStatuses.filter((status) => status !== 'scheduled' && status !== 'running'))
      expect(statusAfterObservation(current, 1, [aReplica()])).toBeNull()
  })
})

describe('health', () => {
  const seen = (overrides: Partial<ReplicaState> & { nodeUnreachable?: boolean; interruptions?: number } = {}) => ({
    nodeUnreachable: false,
    interruptions: 0,
    ...aReplica(overrides),
  })
  const of = (
    replicas: ReturnType<typeof seen>[],
    targetReplicas = 2,
    status: 'running' | 'failed' | 'scheduled' = 'running',
  ) => healthOf({ status, targetReplicas }, replicas)

  test('is healthy when all run well, and unknown rather than healthy when a node is silent', () => {
    expect(of([seen(), seen({ slot: 1, health: 'healthy' })])).toBe('healthy')
    expect(of([seen(), seen({ slot: 1, nodeUnreachable: true })])).toBe('unknown')
  })

  test('counts slots: two replicas of one, while the one replaces the other, do not stand in for a missing one', () => {
    expect(of([seen(), seen({ generation: 2 })])).toBe('progressing')
    expect(of([seen(), seen({ generation: 2 }), seen({ slot: 1 })])).toBe('healthy')
  })

  test('is degraded when some are unhealthy, unhealthy when all are', () => {
    expect(of([seen(), seen({ slot: 1, health: 'unhealthy' })])).toBe('degraded')
    expect(of([seen({ health: 'unhealthy' }), seen({ slot: 1, health: 'unhealthy' })])).toBe('unhealthy')
  })

  test('is progressing while replicas are on their way or a health check has not answered yet', () => {
    expect(of([seen(), seen({ slot: 1, status: 'starting' })], 2, 'scheduled')).toBe('progressing')
    expect(of([seen({ health: 'starting' })], 1)).toBe('progressing')
  })

  test('is degraded while a replica that ran is restarted or paused', () => {
    const restarted = seen({ slot: 1, status: 'starting', interruptions: 1 })
    expect(of([seen(), restarted])).toBe('degraded')
    expect(of([restarted], 1)).toBe('degraded')
    expect(of([seen(), { ...restarted, status: 'running' }])).toBe('healthy')
  })

  test('of a failed deployment tells whether something still runs', () => {
    expect(of([seen()], 2, 'failed')).toBe('degraded')
    expect(of([], 2, 'failed')).toBe('unhealthy')
  })
})
