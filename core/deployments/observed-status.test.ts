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

describe('the status derived from observations', () => {
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

  test('is stopped when the target is 0 and no reservation is left', () => {
    expect(statusAfterObservation('pending', 0, [aReplica({ wanted: 'stop' })])).toBeNull()
    expect(statusAfterObservation('pending', 0, [aReplica({ wanted: 'stop', reserved: false })])?.status).toBe(
      'stopped',
    )
  })

  test('does not change while the deployment waits for the scheduler or for a person', () => {
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

  test('is healthy when all replicas are healthy, and unknown when one of their nodes is unreachable', () => {
    expect(of([seen(), seen({ slot: 1, health: 'healthy' })])).toBe('healthy')
    expect(of([seen(), seen({ slot: 1, nodeUnreachable: true })])).toBe('unknown')
  })

  test('counts slots: a replica and its replacement do not make up for an empty slot', () => {
    expect(of([seen(), seen({ generation: 2 })])).toBe('progressing')
    expect(of([seen(), seen({ generation: 2 }), seen({ slot: 1 })])).toBe('healthy')
  })

  test('is degraded when some replicas are unhealthy, and unhealthy when all are', () => {
    expect(of([seen(), seen({ slot: 1, health: 'unhealthy' })])).toBe('degraded')
    expect(of([seen({ health: 'unhealthy' }), seen({ slot: 1, health: 'unhealthy' })])).toBe('unhealthy')
  })

  test('is progressing while replicas start or a health check has not passed yet', () => {
    expect(of([seen(), seen({ slot: 1, status: 'starting' })], 2, 'scheduled')).toBe('progressing')
    expect(of([seen({ health: 'starting' })], 1)).toBe('progressing')
  })

  test('is degraded while a replica that ran before is restarting or paused', () => {
    const restarted = seen({ slot: 1, status: 'starting', interruptions: 1 })
    expect(of([seen(), restarted])).toBe('degraded')
    expect(of([restarted], 1)).toBe('degraded')
    expect(of([seen(), { ...restarted, status: 'running' }])).toBe('healthy')
  })

  test('of a failed deployment depends on whether a replica still runs', () => {
    expect(of([seen()], 2, 'failed')).toBe('degraded')
    expect(of([], 2, 'failed')).toBe('unhealthy')
  })
})
