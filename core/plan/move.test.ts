import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isLive, replicaStatuses } from '@/core/deployments/status'
import { anAttempt as builtAttempt } from '@/testing/builders'
import { planDeployment } from './reconcile'
import { isDesiredAndLive } from './slot'
import type { DesiredDeployment, ReplicaAttempt } from './types'

const now = new Date('2026-01-01T12:00:00Z')
const secondsAgo = (seconds: number) => new Date(now.getTime() - seconds * 1000)

const aDeployment = (overrides: Partial<DesiredDeployment> = {}): DesiredDeployment => ({
  status: 'running',
  targetReplicas: 1,
  version: 1,
  revision: 1,
  ...overrides,
})

const anAttempt = (overrides: Partial<ReplicaAttempt> = {}): ReplicaAttempt =>
  builtAttempt({ startedAt: secondsAgo(500), ...overrides })

const aFailure = (generation: number, overrides: Partial<ReplicaAttempt> = {}) =>
  anAttempt({
    generation,
    status: 'failed',
    wanted: 'stop',
    reserved: false,
    reason: 'manifest unknown',
    startedAt: null,
    finishedAt: secondsAgo(100),
    ...overrides,
  })

const plan = (deployment: DesiredDeployment, attempts: ReplicaAttempt[]) =>
  planDeployment(deployment, attempts, { now })

describe('a replica that restarts again and again', () => {
  const looping = anAttempt({ status: 'starting', restarts: 5, restartsInARow: 5 })

  test('moves to another node, and is kept until its replacement runs', () => {
    expect(plan(aDeployment(), [looping])).toMatchObject({
      place: [],
      move: [{ slot: 0, generation: 2, replaces: 'replica-0-1', why: 'restart' }],
      stop: [],
    })
    const next = { generation: 2, nodeId: 'node-02', restartsInARow: 5 }
    expect(plan(aDeployment(), [looping, anAttempt({ ...next, status: 'starting' })])).toMatchObject({
      move: [],
      stop: [],
    })
    expect(plan(aDeployment(), [looping, anAttempt(next)]).stop).toEqual(['replica-0-1'])
  })

  test('stays after fewer restarts, and while it runs', () => {
    for (const fewer of [{ restartsInARow: 4 }, { restarts: 4 }, { status: 'running' as const }])
      expect(plan(aDeployment(), [{ ...looping, ...fewer }])).toMatchObject({ move: [], stop: [] })
  })

  test('stays when its replacements fail elsewhere, and does not fail its deployment', () => {
    const elsewhere = [2, 3, 4].map((generation) => aFailure(generation))
    expect(plan(aDeployment(), [looping, ...elsewhere])).toMatchObject({ move: [], stop: [], exhausted: null })
  })

  test('does not delay the move of other replicas', () => {
    const draining = anAttempt({ slot: 1, nodeDraining: true })
    expect(plan(aDeployment({ targetReplicas: 2 }), [looping, draining]).move).toMatchObject([{ why: 'drain' }])
  })

  test('fails its deployment once its agent has used up the restarts', () => {
    const failed = aFailure(1, {
      startedAt: secondsAgo(110),
      restarts: 5,
      restartsInARow: 5,
      reason: 'exited with code 1',
    })
    expect(plan(aDeployment(), [failed])).toMatchObject({
      exhausted: 'Replica 1 failed after 5 restarts: exited with code 1',
      place: [],
    })
    // A retry by a person raises the version.
    expect(plan(aDeployment({ version: 2 }), [failed])).toMatchObject({ exhausted: null, place: [{ generation: 2 }] })
  })
})

describe('a replica on a draining node', () => {
  const draining = anAttempt({ nodeDraining: true })

  test('is replaced by the next generation of its slot, and is not stopped first', () => {
    expect(plan(aDeployment(), [draining])).toMatchObject({
      place: [],
      move: [{ slot: 0, generation: 2, replaces: 'replica-0-1', why: 'drain' }],
      stop: [],
    })
  })

  test('is kept until its replacement runs', () => {
    for (const status of ['pending', 'starting'] as const)
      expect(plan(aDeployment(), [draining, anAttempt({ generation: 2, status })])).toMatchObject({
        move: [],
        stop: [],
      })
    expect(plan(aDeployment(), [draining, anAttempt({ generation: 2 })]).stop).toEqual(['replica-0-1'])
  })

  test('is kept until its replacement is healthy, when its image has a health check', () => {
    for (const health of ['starting', 'unhealthy'] as const)
      expect(plan(aDeployment(), [draining, anAttempt({ generation: 2, health })])).toMatchObject({
        stop: [],
        move: [],
        exhausted: null,
      })
    expect(plan(aDeployment(), [draining, anAttempt({ generation: 2, health: 'healthy' })]).stop).toEqual([
      'replica-0-1',
    ])
  })

  test('is not kept once its replacement runs, when it is unhealthy itself', () => {
    const unwell = { ...draining, health: 'unhealthy' as const }
    expect(plan(aDeployment(), [unwell, anAttempt({ generation: 2, status: 'starting' })]).stop).toEqual([])
    for (const health of ['starting', 'unhealthy'] as const)
      expect(plan(aDeployment(), [unwell, anAttempt({ generation: 2, health })])).toMatchObject({
        stop: ['replica-0-1'],
        exhausted: null,
      })
    // A replacement of another revision has to become healthy first.
    const updated = aDeployment({ revision: 2 })
    expect(plan(updated, [unwell, anAttempt({ generation: 2, revision: 2, health: 'starting' })]).stop).toEqual([])
  })

  test('moves only when its deployment misses no replica, and one at a time', () => {
    const other = anAttempt({ slot: 1, nodeDraining: true })
    expect(plan(aDeployment({ targetReplicas: 3 }), [draining, other])).toMatchObject({
      place: [{ slot: 2, generation: 1 }],
      move: [],
    })
    expect(plan(aDeployment({ targetReplicas: 2 }), [draining, other]).move.map(({ slot }) => slot)).toEqual([0])
    const onItsWay = anAttempt({ generation: 2, status: 'starting' })
    expect(plan(aDeployment({ targetReplicas: 2 }), [draining, onItsWay, other]).move).toEqual([])
  })

  test('does not wait for an unhealthy replica on another node', () => {
    const ill = anAttempt({ slot: 1, health: 'unhealthy' })
    expect(plan(aDeployment({ targetReplicas: 2 }), [draining, ill]).move).toHaveLength(1)
  })

  test('never fails its deployment, however often its replacement fails; each retry waits longer', () => {
    const failures = [2, 3, 4, 5].map((generation) => aFailure(generation, { nodeId: `node-0${generation}` }))
    const justNow = aFailure(6, { nodeId: 'node-06', finishedAt: secondsAgo(1) })
    expect(plan(aDeployment(), [draining, ...failures])).toMatchObject({
      exhausted: null,
      retryAt: null,
      move: [{ slot: 0, generation: 6 }],
      avoidNodeIds: ['node-02', 'node-03', 'node-04', 'node-05'],
    })
    const { retryAt } = plan(aDeployment(), [draining, ...failures, justNow])
    // The fifth delay is 16 s, less a jitter of up to half; one second of it has passed.
    expect(retryAt?.getTime()).toBeGreaterThanOrEqual(now.getTime() + 7_000)
    expect(retryAt?.getTime()).toBeLessThanOrEqual(now.getTime() + 15_000)
  })

  test('stays when the drain is cancelled, and its replacement stops if that does not run yet', () => {
    const stays = anAttempt()
    expect(plan(aDeployment(), [stays, anAttempt({ generation: 2, status: 'starting' })])).toMatchObject({
      stop: ['replica-0-2'],
      move: [],
    })
  })
})

describe('an update', () => {
  const wanted = aDeployment({ status: 'scheduled', targetReplicas: 2, version: 2, revision: 2 })
  const old = [anAttempt(), anAttempt({ slot: 1 })]
  const next = (slot: number, overrides: Partial<ReplicaAttempt> = {}) =>
    anAttempt({ slot, generation: 2, version: 2, revision: 2, ...overrides })

  test('replaces one replica at a time, each after the one before works', () => {
    expect(plan(wanted, old).move).toEqual([{ slot: 0, generation: 2, replaces: 'replica-0-1', why: 'update' }])
    expect(plan(wanted, [...old, next(0, { status: 'starting' })])).toMatchObject({ move: [], stop: [] })
    expect(plan(wanted, [...old, next(0, { health: 'starting' })])).toMatchObject({ move: [], stop: [] })
    expect(plan(wanted, [...old, next(0, { health: 'healthy' })])).toMatchObject({
      move: [{ slot: 1, generation: 2 }],
      stop: ['replica-0-1'],
    })
    expect(plan(wanted, [...old, next(0), next(1)])).toMatchObject({
      move: [],
      stop: ['replica-0-1', 'replica-1-1'],
    })
  })

  test('pauses with the reason when its image cannot be pulled, and stops no running replica', () => {
    const failed = [2, 3, 4].map((generation) => aFailure(generation, { version: 2, revision: 2 }))
    expect(plan(wanted, [...old, ...failed.slice(0, 2)]).move).toMatchObject([{ slot: 0, generation: 4 }])
    expect(plan(wanted, [...old, ...failed])).toMatchObject({
      exhausted: 'Update to revision 2 halted: replica 1 failed 3 times: manifest unknown; revision 1 keeps running',
      place: [],
      move: [],
      stop: [],
    })
  })

  test('pauses when the new replica is unhealthy, and stops the new replica but not the old one', () => {
    expect(plan(wanted, [...old, next(0, { health: 'unhealthy' })])).toMatchObject({
      exhausted: 'Update to revision 2 halted: replica 1 is unhealthy; revision 1 keeps running',
      stop: ['replica-0-2'],
    })
  })

  test('does not continue while a new replica is unhealthy, even when its slot has no old one left', () => {
    const alone = [next(0, { health: 'unhealthy' }), anAttempt({ slot: 1 })]
    expect(plan(wanted, alone)).toMatchObject({ move: [], stop: [], exhausted: null })
  })

  test('that is rolled back stops the new replicas and keeps the old ones', () => {
    const back = aDeployment({ targetReplicas: 2, version: 3, revision: 1 })
    expect(plan(back, [...old, next(0, { status: 'starting' })])).toMatchObject({
      stop: ['replica-0-2'],
      move: [],
      place: [],
    })
  })

  test('places missing replicas with the new revision', () => {
    const gone = aFailure(1, { slot: 1 })
    expect(plan(wanted, [anAttempt(), gone])).toMatchObject({ place: [{ slot: 1, generation: 2 }], move: [] })
  })
})

test('no plan stops the only running replica of a slot or has more than one replacement under way', () => {
  let moves = 0
  let kept = 0
  const attempt = fc.record({
    slot: fc.nat(3),
    generation: fc.integer({ min: 1, max: 3 }),
    revision: fc.integer({ min: 1, max: 2 }),
    status: fc.constantFrom('running' as const, ...replicaStatuses),
    wanted: fc.constantFrom('run' as const, 'run' as const, 'stop' as const),
    health: fc.constantFrom(null, null, 'healthy' as const, 'unhealthy' as const, 'starting' as const),
    nodeDraining: fc.boolean(),
  })
  const attemptsOf = fc.uniqueArray(attempt, { selector: (one) => `${one.slot}/${one.generation}`, maxLength: 12 })
  fc.assert(
    fc.property(
      attemptsOf,
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 2 }),
      (shapes, target, revision) => {
        const attempts = shapes.map((shape) => anAttempt({ ...shape, finishedAt: secondsAgo(500) }))
        const result = plan(aDeployment({ targetReplicas: target, version: 2, revision }), attempts)
        const serves = (one: ReplicaAttempt) => one.wanted === 'run' && one.status === 'running'
        for (let slot = 0; slot < target; slot++) {
          const running = attempts.filter((one) => one.slot === slot && serves(one))
          if (running.length === 0) continue
          const left = running.filter((one) => !result.stop.includes(one.id))
          expect(left.length, `slot ${slot}`).toBeGreaterThan(0)
          const beside = attempts.filter(
            (one) => one.slot === slot && isDesiredAndLive(one) && !result.stop.includes(one.id),
          )
          expect(beside.length, `slot ${slot}`).toBeLessThanOrEqual(2)
          if (beside.length === 2) kept++
        }
        expect(result.move.length).toBeLessThanOrEqual(1)
        expect(result.place.length === 0 || result.move.length === 0).toBe(true)
        for (const { replaces, slot } of result.move) {
          const replaced = attempts.find((one) => one.id === replaces)
          expect(replaced?.slot).toBe(slot)
          expect(replaced && isLive(replaced.status) && !result.stop.includes(replaces)).toBe(true)
        }
        moves += result.move.length
      },
    ),
    { numRuns: 3_000 },
  )
  expect(moves).toBeGreaterThan(100)
  expect(kept).toBeGreaterThan(20)
})
