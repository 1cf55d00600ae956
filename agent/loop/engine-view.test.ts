import { expect, test } from 'vitest'
import type { InspectedContainer, SeenContainer } from '@/agent/engines/engine'
import { aContainer, aReplica } from '@/testing/agent/builders'
import { ManualClock } from '@/testing/agent/clock'
import { EngineView } from './engine-view'

const replica = aReplica()
const container = (overrides: Partial<SeenContainer> = {}): InspectedContainer => ({
  ...aContainer(replica, { id: 'c1', ...overrides }),
  exitCode: null,
  oomKilled: false,
  env: {},
  error: '',
  startedAt: null,
  finishedAt: null,
  checkOutput: '',
  ports: [],
})
const clock = new ManualClock()

/** An engine that answers a list when the test calls `answer`. */
const anEngine = () => {
  const engine = { there: [] as InspectedContainer[], answer: () => {}, stepMs: 0 }
  return Object.assign(engine, {
    now: () => clock.now() + engine.stepMs,
    inspect: async (id: string) => engine.there.find((each) => each.id === id) ?? null,
    list: () => {
      // The answer shows the state at the time of the request.
      const then = [...engine.there]
      return new Promise<SeenContainer[]>((resolve) => {
        engine.answer = () => resolve(then)
      })
    },
  })
}

const nobody = () => false
const setUp = () => {
  const engine = anEngine()
  const view = new EngineView(engine, new Set(['node']), clock)
  const refresh = async (isBusy: (id: string) => boolean = nobody) => {
    const refreshed = view.refresh(isBusy, true)
    engine.answer()
    return refreshed
  }
  return { engine, view, refresh, states: () => view.containers().map((each) => each.state) }
}

test('a list does not overwrite an inspection that happened while it was under way', async () => {
  const { engine, view, states } = setUp()
  const refreshing = view.refresh(nobody, true)
  engine.there = [container()]
  await view.inspect('c1')
  engine.answer()
  expect(await refreshing).toBe(0)
  expect(states()).toEqual(['running'])

  const again = view.refresh(nobody, true)
  engine.there = []
  await view.inspect('c1')
  engine.answer()
  await again
  expect(states()).toEqual([])
})

test('a list does not change a replica that is busy, or was busy while the list was under way', async () => {
  const { engine, view, states, refresh } = setUp()
  engine.there = [container({ state: 'created' })]
  await refresh()
  engine.there = [container()]
  await refresh((id) => id === replica.replicaId)
  expect(states()).toEqual(['created'])
  const end = view.touching(replica.replicaId)
  const refreshing = view.refresh(nobody, true)
  end()
  engine.answer()
  await refreshing
  expect(states()).toEqual(['created'])
  await refresh()
  expect(states()).toEqual(['running'])
})

test('counts differences that no event announced, except in the first list', async () => {
  const { engine, view, refresh } = setUp()
  engine.there = [container()]
  expect(view.known).toBe(false)
  expect(await refresh()).toBe(0)
  expect(view.known).toBe(true)
  expect(await refresh()).toBe(0)
  engine.there = [container({ health: 'unhealthy' })]
  expect(await refresh()).toBe(1)
  engine.there = []
  expect(await refresh()).toBe(1)
  expect(view.corrections).toBe(2)
})

test('ignores containers of other nodes', async () => {
  const { engine, view, refresh, states } = setUp()
  engine.there = [container({ nodeId: 'other' })]
  await refresh()
  expect(await view.inspect('c1')).toBeNull()
  expect(states()).toEqual([])
})

test('keeps an event for a busy container until its next inspection', async () => {
  const { engine, view } = setUp()
  engine.there = [container()]
  view.markNews('c1', replica.replicaId)
  expect(view.newsOf(replica.replicaId)).toEqual(['c1'])
  expect(view.newsOf('another')).toEqual([])
  await view.inspect('c1')
  expect(view.newsOf(replica.replicaId)).toEqual([])
})

test('reports container times by the agent’s clock, also when the engine’s clock is set later', async () => {
  const { engine, view } = setUp()
  const dayMs = 86_400_000
  const at = (ms: number) => new Date(ms).toISOString()
  engine.stepMs = 400 * dayMs
  const started = clock.now()
  engine.there = [{ ...container(), startedAt: at(engine.now()) }]
  await clock.advance(5_000)
  expect(await view.inspect('c1')).toMatchObject({ startedAt: at(started), finishedAt: null })

  // The engine's clock is set again while the container runs: its start time stays, and its end is later than that.
  engine.stepMs = -30 * dayMs
  engine.there = engine.there.map((each) => ({ ...each, finishedAt: at(engine.now()) }))
  const ended = { startedAt: at(started), finishedAt: at(started + 5_000) }
  expect(await view.inspect('c1')).toMatchObject(ended)
  await clock.advance(60_000)
  expect(await view.inspect('c1')).toMatchObject(ended)
})

test('leaves the times of an engine unchanged, to the last digit, when both clocks agree', async () => {
  const { engine, view } = setUp()
  engine.there = [{ ...container(), startedAt: '2026-01-01T00:00:00.123456Z' }]
  for (const stepMs of [0, 7, -7]) {
    engine.stepMs = stepMs
    expect((await view.inspect('c1'))?.startedAt).toBe('2026-01-01T00:00:00.123456Z')
  }
})
