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

describe('what is missing', () => {
  test('is placed with the next generation of its slot', () => {
    expect(plan(aDeployment({ targetReplicas: 3 }), [anAttempt({ slot: 1, generation: 4 })]).place).toEqual([
      { slot: 0, generation: 1 },
      { slot: 2, generation: 1 },
    ])
    const stopped = anAttempt({ generation: 4, status: 'stopped', wanted: 'stop' })
    expect(plan(aDeployment(), [stopped]).place).toEqual([{ slot: 0, generation: 5 }])
  })

  test('is nothing while a replica is on its way', () => {
    for (const status of ['pending', 'starting', 'running'] as const)
      expect(plan(aDeployment(), [anAttempt({ status })]).place).toEqual([])
  })

  test('is placed again at once when its node was lost', () => {
    const lost = anAttempt({ status: 'lost', wanted: 'stop' })
    expect(plan(aDeployment(), [lost])).toMatchObject({
      place: [{ slot: 0, generation: 2 }],
      retryAt: null,
      exhausted: null,
    })
  })
})

describe('what is too much', () => {
  test('is stopped from the highest slot down', () => {
    const attempts = [0, 1, 2].map((slot) => anAttempt({ slot }))
    expect(plan(aDeployment({ targetReplicas: 1 }), attempts).stop).toEqual(['replica-1-1', 'replica-2-1'])
  })

  test('is stopped whole when the deployment is deleted', () => {
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

describe('what failed', () => {
  const pauseMs = (failures: ReplicaAttempt[]) =>
    (plan(aDeployment(), failures).retryAt?.getTime() ?? expect.fail('it is tried at once')) - now.getTime()

  test('waits for a delay that doubles, of which its own chance takes up to half', () => {
    const once = pauseMs([aFailure(1, { finishedAt: now })])
    const twice = pauseMs([aFailure(1), aFailure(2, { finishedAt: now })])
    expect(once).toBeGreaterThanOrEqual(500)
    expect(once).toBeLessThanOrEqual(1_000)
    expect(twice).toBeGreaterThanOrEqual(1_000)
    expect(twice).toBeLessThanOrEqual(2_000)
    expect(plan(aDeployment(), [aFailure(1, { finishedAt: secondsAgo(1) })]).retryAt).toBeNull()
  })

  test('is not tried again together with what failed together, and each at the same time however often it is planned', () => {
    const pauses = Array.from({ length: 100 }, (_, i) =>
      pauseMs([aFailure(1, { id: `replica-${i}`, finishedAt: now })]),
    )
    expect(new Set(pauses).size).toBeGreaterThan(80)
    expect(Math.max(...pauses) - Math.min(...pauses)).toBeGreaterThan(400)
    expect(pauses[0]).toBe(pauseMs([aFailure(1, { id: 'replica-0', finishedAt: now })]))
  })

  test('keeps off the nodes where it failed', () => {
    const failures = [aFailure(1, { nodeId: 'node-02' }), aFailure(2, { nodeId: 'node-01' })]
    expect(plan(aDeployment(), failures).avoidNodeIds).toEqual(['node-01', 'node-02'])
  })

  test('is given up after three attempts that did not start, in the words of the last one', () => {
    expect(plan(aDeployment(), [aFailure(1), aFailure(2)]).exhausted).toBeNull()
    const third = aFailure(3, { reason: 'manifest unknown' })
    expect(plan(aDeployment(), [aFailure(1), aFailure(2), third])).toMatchObject({
      exhausted: 'Replica 1 failed 3 times: manifest unknown',
      place: [],
    })
  })

  test('gets five attempts when it starts and then ends', () => {
    const crash = (generation: number) =>
      aFailure(generation, { startedAt: secondsAgo(102), reason: 'exited with code 1' })
    expect(plan(aDeployment(), [1, 2, 3, 4].map(crash)).exhausted).toBeNull()
    expect(plan(aDeployment(), [1, 2, 3, 4, 5].map(crash)).exhausted).toContain('exited with code 1')
  })

  test('is counted anew after it ran for a minute, and after a person changed the deployment', () => {
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

test('without moves, a plan never leaves more than one live replica in a slot, never fewer than wanted unless it waits or gives up', () => {
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
