import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isLive, replicaStatuses } from '@/core/deployments/status'
import { anAttempt } from '@/testing/builders'
import { planDeployment } from './reconcile'
import type { DesiredDeployment, ReplicaAttempt } from './types'

const now = new Date('2026-01-01T12:00:00Z')
const secondsAgo = (seconds: number) => new Date(now.getTime() - seconds * 1000)

const aDeployment = (overrides: Partial<DesiredDeployment> = {}): DesiredDeployment => ({
  status: 'pending',
  targetReplicas: 1,
  version: 1,
  revision: 1,
  ...overrides,
})

/** An attempt that never started. */
const aFailure = (generation: number, overrides: Partial<ReplicaAttempt> = {}) =>
  anAttempt({
    generation,
    status: 'failed',
    wanted: 'stop',
    reserved: false,
    reason: 'no such image',
    finishedAt: secondsAgo(100),
    ...overrides,
  })

const plan = (deployment: DesiredDeployment, attempts: ReplicaAttempt[]) =>
  planDeployment(deployment, attempts, { now })

describe('a missing replica', () => {
  test('is placed as the next generation of its slot', () => {
    expect(plan(aDeployment({ targetReplicas: 3 }), [anAttempt({ slot: 1, generation: 4 })]).place).toEqual([
      { slot: 0, generation: 1 },
      { slot: 2, generation: 1 },
    ])
    const stopped = anAttempt({ generation: 4, status: 'stopped', wanted: 'stop' })
    expect(plan(aDeployment(), [stopped]).place).toEqual([{ slot: 0, generation: 5 }])
  })

  test('is not placed again while one of its slot is pending or starting', () => {
    for (const status of ['pending', 'starting', 'running'] as const)
      expect(plan(aDeployment(), [anAttempt({ status })]).place).toEqual([])
  })

  test('is placed again at once when its node is lost', () => {
    const lost = anAttempt({ status: 'lost', wanted: 'stop' })
    expect(plan(aDeployment(), [lost])).toMatchObject({
      place: [{ slot: 0, generation: 2 }],
      retryAt: null,
      exhausted: null,
    })
  })
})

describe('a surplus replica', () => {
  test('is stopped from the highest slot down', () => {
    const attempts = [0, 1, 2].map((slot) => anAttempt({ slot }))
    expect(plan(aDeployment({ targetReplicas: 1 }), attempts).stop).toEqual(['replica-1-1', 'replica-2-1'])
  })

  test('is every replica of a deleted deployment', () => {
    const attempts = [anAttempt(), anAttempt({ slot: 1, status: 'pending' })]
    expect(plan(aDeployment({ status: 'deleted', targetReplicas: 2 }), attempts)).toMatchObject({
      stop: ['replica-0-1', 'replica-1-1'],
      place: [],
    })
  })

  test('is the older one of two live replicas of a slot', () => {
    expect(plan(aDeployment(), [anAttempt({ generation: 1 }), anAttempt({ generation: 2 })]).stop).toEqual([
      'replica-0-1',
    ])
  })
})

describe('a failed slot', () => {
  const pauseMs = (failures: ReplicaAttempt[]) =>
    (plan(aDeployment(), failures).retryAt?.getTime() ?? expect.fail('it is tried at once')) - now.getTime()

  test('is retried after a delay that doubles, with a jitter of up to half of it', () => {
    const once = pauseMs([aFailure(1, { finishedAt: now })])
    const twice = pauseMs([aFailure(1), aFailure(2, { finishedAt: now })])
    expect(once).toBeGreaterThanOrEqual(500)
    expect(once).toBeLessThanOrEqual(1_000)
    expect(twice).toBeGreaterThanOrEqual(1_000)
    expect(twice).toBeLessThanOrEqual(2_000)
    expect(plan(aDeployment(), [aFailure(1, { finishedAt: secondsAgo(1) })]).retryAt).toBeNull()
  })

  test('has a jitter that differs between attempts and stays the same each time an attempt is planned', () => {
    const pauses = Array.from({ length: 100 }, (_, i) =>
      pauseMs([aFailure(1, { id: `replica-${i}`, finishedAt: now })]),
    )
    expect(new Set(pauses).size).toBeGreaterThan(80)
    expect(Math.max(...pauses) - Math.min(...pauses)).toBeGreaterThan(400)
    expect(pauses[0]).toBe(pauseMs([aFailure(1, { id: 'replica-0', finishedAt: now })]))
  })

  test('avoids the nodes on which it failed', () => {
    const failures = [aFailure(1, { nodeId: 'node-02' }), aFailure(2, { nodeId: 'node-01' })]
    expect(plan(aDeployment(), failures).avoidNodeIds).toEqual(['node-01', 'node-02'])
  })

  test('exhausts its retries after three attempts that did not start, with the message of the last one', () => {
    expect(plan(aDeployment(), [aFailure(1), aFailure(2)]).exhausted).toBeNull()
    const third = aFailure(3, { reason: 'manifest unknown' })
    expect(plan(aDeployment(), [aFailure(1), aFailure(2), third])).toMatchObject({
      exhausted: 'Replica 1 failed 3 times: manifest unknown',
      place: [],
    })
  })

  test('gets five attempts when its container starts and then ends', () => {
    const crash = (generation: number) =>
      aFailure(generation, { startedAt: secondsAgo(102), reason: 'exited with code 1' })
    expect(plan(aDeployment(), [1, 2, 3, 4].map(crash)).exhausted).toBeNull()
    expect(plan(aDeployment(), [1, 2, 3, 4, 5].map(crash)).exhausted).toContain('exited with code 1')
  })

  test('gets new attempts after a run of a minute, and after a person changed the deployment', () => {
    const stable = aFailure(4, { startedAt: secondsAgo(200), finishedAt: secondsAgo(100) })
    expect(plan(aDeployment(), [aFailure(1), aFailure(2), aFailure(3), stable]).exhausted).toBeNull()
    expect(plan(aDeployment({ version: 2 }), [aFailure(1), aFailure(2), aFailure(3)])).toMatchObject({
      exhausted: null,
      retryAt: null,
      avoidNodeIds: [],
      place: [{ slot: 0, generation: 4 }],
    })
  })
})

test('a plan without moves leaves one live replica per slot, and an empty slot only if retries are exhausted', () => {
  let placed = 0
  let stopped = 0
  const attempt = fc.record({
    slot: fc.nat(4),
    generation: fc.integer({ min: 1, max: 4 }),
    status: fc.constantFrom(...replicaStatuses),
    wanted: fc.constantFrom('run' as const, 'stop' as const),
  })
  const attemptsOf = fc.uniqueArray(attempt, { selector: (one) => `${one.slot}/${one.generation}`, maxLength: 15 })
  fc.assert(
    fc.property(attemptsOf, fc.nat(5), fc.boolean(), (shapes, targetReplicas, deleted) => {
      const attempts = shapes.map((shape) => anAttempt({ ...shape, finishedAt: secondsAgo(500) }))
      const result = plan(aDeployment({ targetReplicas, status: deleted ? 'deleted' : 'pending' }), attempts)
      const stays = attempts.filter(
        (one) => one.wanted === 'run' && isLive(one.status) && !result.stop.includes(one.id),
      )
      const slots = [...stays.map((one) => one.slot), ...result.place.map((one) => one.slot)]
      expect(new Set(slots).size).toBe(slots.length)
      const target = deleted ? 0 : targetReplicas
      expect(Math.max(-1, ...slots)).toBeLessThan(target)
      if (result.exhausted === null) expect(slots).toHaveLength(target)
      for (const one of result.place)
        expect(attempts.some((known) => known.slot === one.slot && known.generation >= one.generation)).toBe(false)
      placed += result.place.length
      stopped += result.stop.length
    }),
    { numRuns: 2_000 },
  )
  expect(placed).toBeGreaterThan(100)
  expect(stopped).toBeGreaterThan(100)
})
