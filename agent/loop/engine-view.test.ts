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

/** An engine whose next list is answered when the test says so. */
const anEngine = () => {
  const engine = { there: [] as InspectedContainer[], answer: () => {}, stepMs: 0 }
  return Object.assign(engine, {
    now: () => clock.now() + engine.stepMs,
    inspect: async (id: string) => engine.there.find((each) => each.id === id) ?? null,
    list: () => {
      // What it answers was true when it was asked.
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

test('a list does not overwrite what was looked at while it was under way', async () => {
  const { engine, view, states } = setUp()
  const refreshing = view.refresh(nobody, true)
  engine.there = [container()]
  await view.look('c1')
  engine.answer()
  expect(await refreshing).toBe(0)
  expect(states()).toEqual(['running'])

  const again = view.refresh(nobody, true)
  engine.there = []
  await view.look('c1')
  engine.answer()
  await again
  expect(states()).toEqual([])
})

test('a list does not touch what is being worked on, nor what was worked on while it was under way', async () => {
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

test('counts what nobody had told of, but not its first list', async () => {
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

test('containers of other nodes are none of ours', async () => {
  const { engine, view, refresh, states } = setUp()
  engine.there = [container({ nodeId: 'other' })]
  await refresh()
  expect(await view.look('c1')).toBeNull()
  expect(states()).toEqual([])
})

test('news of a container that is being worked on are kept until somebody looks', async () => {
  const { engine, view } = setUp()
  engine.there = [container()]
  view.markNews('c1', replica.replicaId)
  expect(view.newsOf(replica.replicaId)).toEqual(['c1'])
  expect(view.newsOf('another')).toEqual([])
  await view.look('c1')
  expect(view.newsOf(replica.replicaId)).toEqual([])
})

test('times of a container are by the agent’s clock, also when the engine’s clock is set after the agent started', async () => {
  const { engine, view } = setUp()
  const dayMs = 86_400_000
  const at = (ms: number) => new Date(ms).toISOString()
  engine.stepMs = 400 * dayMs
  const started = clock.now()
  engine.there = [{ ...container(), startedAt: at(engine.now()) }]
  await clock.advance(5_000)
  expect(await view.look('c1')).toMatchObject({ startedAt: at(started), finishedAt: null })

  // Set again while it runs: the start was seen before, and its end is after that.
  engine.stepMs = -30 * dayMs
  engine.there = engine.there.map((each) => ({ ...each, finishedAt: at(engine.now()) }))
  const ended = { startedAt: at(started), finishedAt: at(started + 5_000) }
  expect(await view.look('c1')).toMatchObject(ended)
  await clock.advance(60_000)
  expect(await view.look('c1')).toMatchObject(ended)
})

test('times of an engine that has the agent’s clock stay as they are, to the last digit', async () => {
  const { engine, view } = setUp()
  engine.there = [{ ...container(), startedAt: '2026-01-01T00:00:00.123456Z' }]
  for (const stepMs of [0, 7, -7]) {
    engine.stepMs = stepMs
    expect((await view.look('c1'))?.startedAt).toBe('2026-01-01T00:00:00.123456Z')
  }
})
