import { beforeEach, describe, expect, test } from 'vitest'
import type { ContainerSpec } from '@/agent/engines/engine'
import { containerLabels } from '@/core/agents/protocol'
import { ManualClock } from '@/testing/agent/clock'
import { behaviourOf, durationMs } from './behaviour'
import { SimulatedEngine } from './engine'
import { loadAt } from './load'

let kept: string | null
let clock: ManualClock
beforeEach(() => {
  kept = null
  clock = new ManualClock()
})

const capacity = { cpuCores: 8, memoryMb: 16_384, storageGb: 100 }
const anEngine = (seed = 1, still = false) =>
  new SimulatedEngine({
    name: 'node-01',
    seed,
    still,
    capacity,
    clock,
    store: (render) => ({
      load: async () => kept,
      save: async () => {
        kept = render()
      },
    }),
  })
const aSpec = (image: string, overrides: Partial<ContainerSpec> = {}): ContainerSpec => ({
  name: `c-${image}`,
  image,
  reference: image,
  labels: { [containerLabels.managed]: 'true', [containerLabels.replica]: image, [containerLabels.node]: 'n' },
  env: {},
  cpuMillis: 1_000,
  memoryMb: 1_024,
  gpuUnits: 0,
  ports: [],
  ...overrides,
})
const never = new AbortController().signal
const timed = (step: Promise<unknown>) => clock.during(step)
const pull = (engine: SimulatedEngine, image: string) =>
  timed(engine.pull(image, { signal: never, onProgress: () => undefined }))
const make = async (engine: SimulatedEngine, spec: ContainerSpec) => {
  await pull(engine, spec.image)
  return engine.create(spec)
}

const run = async (engine: SimulatedEngine, spec: ContainerSpec) => {
  const id = await make(engine, spec)
  await timed(engine.start(id, never))
  return id
}

test.each([
  ['sim/slow', { startMs: 20_000 }],
  ['sim/slow:3s', { startMs: 3_000 }],
  ['sim/slow:latest', { startMs: 20_000 }],
  ['sim/crash:500ms', { crashAfterMs: 500 }],
  ['sim/crash:2m', { crashAfterMs: 120_000 }],
  ['sim/fail-pull:1', { pull: 'fails' }],
  ['sim/unhealthy', { health: { verdict: 'unhealthy', afterMs: 3_000 } }],
  ['sim/ok', { health: { verdict: 'healthy', afterMs: 1_000 } }],
  ['nginx:20s', { pull: 'works', startMs: null, crashAfterMs: null, health: null }],
  ['mysim/crash:5s', { crashAfterMs: null }],
  ['sim/other', { crashAfterMs: null, pull: 'works' }],
])('%s behaves as its name says', (image, behaviour) => {
  expect(behaviourOf(image)).toMatchObject(behaviour)
})

test('accepts durations in milliseconds, seconds and minutes only', () => {
  expect(['5s', '1.5s', '10ms', '2m'].map(durationMs)).toEqual([5_000, 1_500, 10, 120_000])
  expect(['5', 's', '-1s', '5h', '', undefined].map(durationMs)).toEqual([null, null, null, null, null, null])
})

describe('the simulated engine', () => {
  test('takes a few hundred milliseconds to pull and to start, always the same for the same seed', async () => {
    const times = async (seed: number) => {
      const engine = anEngine(seed)
      const pulling = await pull(engine, 'nginx')
      const id = await engine.create(aSpec('nginx', { name: `s${seed}.${Math.random()}` }))
      return [pulling, await timed(engine.start(id, never))]
    }
    const [pulling = 0, start = 0] = await times(1)
    expect(pulling).toBeGreaterThanOrEqual(150)
    expect(pulling).toBeLessThanOrEqual(910)
    expect(start).toBeGreaterThanOrEqual(80)
    expect(start).toBeLessThanOrEqual(360)
    kept = null
    expect(await times(1)).toEqual([pulling, start])
  })

  test('starts slowly when the image says so, and a slow start can be aborted', async () => {
    const engine = anEngine()
    const id = await make(engine, aSpec('sim/slow:20s'))
    expect(await timed(engine.start(id, never))).toBe(20_000)
    const other = await make(engine, aSpec('sim/slow:30s'))
    const giving = new AbortController()
    const start = engine.start(other, giving.signal)
    await clock.advance(5_000)
    giving.abort(new Error('enough'))
    await expect(start).rejects.toThrow('enough')
    expect((await engine.inspect(other))?.state).toBe('created')
  })

  test('crashes and turns unhealthy when the image says so, and sends events', async () => {
    const engine = anEngine()
    const reported: string[] = []
    engine.follow(
      {
        onOpen: () => reported.push('open'),
        onContainer: (_, replica) => reported.push(replica ?? ''),
        onEnd: () => undefined,
      },
      never,
    )
    const crash = await run(engine, aSpec('sim/crash:5s'))
    const sick = await run(engine, aSpec('sim/unhealthy'))
    expect(await engine.inspect(crash)).toMatchObject({ state: 'running', exitCode: null })
    expect(await engine.inspect(sick)).toMatchObject({ state: 'running', health: 'starting' })
    reported.length = 0
    await clock.advance(6_000)
    expect(await engine.inspect(crash)).toMatchObject({ state: 'exited', exitCode: 1, health: null, ports: [] })
    expect(await engine.inspect(sick)).toMatchObject({ state: 'running', health: 'unhealthy' })
    expect(reported.sort()).toEqual(['sim/crash:5s', 'sim/unhealthy'])
    expect(await engine.lastLogLine(crash)).toContain('sim/crash:5s')
    expect(await engine.lastLogLine(sick)).toBeNull()
  })

  test('keeps its containers when the process dies, and they keep running meanwhile', async () => {
    const before = anEngine()
    await pull(before, 'nginx')
    const healthy = await run(before, aSpec('nginx', { ports: [{ container: 80, host: null }] }))
    const crash = await run(before, aSpec('sim/crash:60s'))
    const seen = await before.inspect(healthy)
    await clock.advance(30_000)
    const after = anEngine()
    expect(await after.inspect(healthy)).toEqual(seen)
    expect(await after.image('nginx')).toEqual(await before.image('docker.io/library/nginx:latest'))
    expect(await after.image('nginx')).not.toBeNull()
    const reported: string[] = []
    after.follow({ onOpen: () => undefined, onContainer: (id) => reported.push(id), onEnd: () => undefined }, never)
    await clock.advance(31_000)
    expect(reported).toEqual([crash])
    expect((await after.inspect(crash))?.state).toBe('exited')
    const third = await make(after, aSpec('another'))
    expect([healthy, crash]).not.toContain(third)
  })

  test('assigns free ports, and refuses one that is taken with an engine’s message', async () => {
    const engine = anEngine()
    const port = (host: number | null) => ({ ports: [{ container: 80, host }] })
    const ports = async (id: string) => (await engine.inspect(id))?.ports.map((each) => each.host)
    const first = await run(engine, aSpec('a', port(null)))
    const second = await run(engine, aSpec('b', port(null)))
    expect([await ports(first), await ports(second)]).toEqual([[32_768], [32_769]])
    await run(engine, aSpec('c', port(8080)))
    const taken = await make(engine, aSpec('d', port(8080)))
    await expect(timed(engine.start(taken, never))).rejects.toMatchObject({
      kind: 'refused',
      message: 'Bind for 0.0.0.0:8080 failed: port is already allocated',
    })
    await timed(engine.stop(first, 1))
    expect(await ports(await run(engine, aSpec('e', port(null))))).toEqual([32_768])
  })

  test('creates one container per name, and returns it only for matching labels', async () => {
    const engine = anEngine()
    const spec = aSpec('a')
    await expect(engine.create(spec)).rejects.toMatchObject({ httpStatus: 404, message: 'No such image: a' })
    await pull(engine, 'a')
    const ids = await Promise.all(Array.from({ length: 5 }, () => engine.create(spec)))
    expect(new Set(ids).size).toBe(1)
    const foreign = { ...spec, labels: { ...spec.labels, [containerLabels.replica]: 'another' } }
    await expect(engine.create(foreign)).rejects.toMatchObject({ httpStatus: 409 })
  })
})

describe('the load', () => {
  const containers = [{ id: 'c', cpuMillis: 4_000, memoryMb: 8_192, startedAt: 0 }]
  const of = {
    seed: 1,
    node: 'node-01',
    capacity: { cpuCores: 8, memoryMb: 16_384 },
    containers: [] as typeof containers,
  }
  const times = Array.from({ length: 360 }, (_, index) => Date.UTC(2026, 0, 1) + index * 10_000)

  test('changes slowly, without jumps', () => {
    const loads = times.map((time) => loadAt(time, of))
    const cpu = loads.map((load) => load.cpuPercent)
    expect(Math.max(...cpu) - Math.min(...cpu)).toBeGreaterThan(2)
    for (const [index, value] of cpu.entries()) {
      expect(Math.abs(value - (cpu[index - 1] ?? value))).toBeLessThan(6)
      expect(value).toBeGreaterThanOrEqual(0)
    }
  })

  test('is higher with containers, and the same for the same seed', () => {
    for (const time of times) {
      const [idle, busy] = [loadAt(time, of), loadAt(time, { ...of, containers })]
      expect(busy.cpuPercent).toBeGreaterThan(idle.cpuPercent)
      expect(busy.memoryPercent).toBeGreaterThan(idle.memoryPercent)
      expect(loadAt(time, of)).toEqual(idle)
    }
    const others = new Set(
      ['node-01', 'node-02', 'node-03'].map((node) => loadAt(times[0] ?? 0, { ...of, node }).cpuPercent),
    )
    expect(others.size).toBe(3)
  })

  test('does not change with the time when the option `still` is set', async () => {
    const usageOver = async (still: boolean) => {
      kept = null
      const engine = anEngine(1, still)
      const idle = await engine.usage()
      await run(engine, aSpec('sim/ok'))
      const busy = await engine.usage()
      await clock.advance(3_600_000)
      return { idle, busy, later: await engine.usage() }
    }
    const { idle, busy, later } = await usageOver(true)
    expect(busy.memoryPercent).toBeGreaterThan(idle.memoryPercent)
    expect(later).toEqual(busy)
    const moving = await usageOver(false)
    expect(moving.later).not.toEqual(moving.busy)
  })
})

test('a paused container stays paused until it is unpaused or removed by force', async () => {
  const engine = anEngine()
  const id = await run(engine, aSpec('nginx'))
  const startedAt = (await engine.inspect(id))?.startedAt
  await engine.setPaused(id, true)
  expect((await anEngine().inspect(id))?.state).toBe('paused')
  await engine.setPaused(id, false)
  expect(await engine.inspect(id)).toMatchObject({ state: 'running', startedAt })
  await engine.setPaused(id, true)
  await engine.remove(id)
  expect(await engine.list()).toEqual([])
})

test('only a running container can be paused, and a power cut ends a paused one', async () => {
  const engine = anEngine()
  const id = await make(engine, aSpec('nginx'))
  await engine.setPaused(id, true)
  expect((await engine.inspect(id))?.state).toBe('created')
  await timed(engine.start(id, never))
  await engine.setPaused(id, true)
  await engine.reboot()
  expect(await engine.inspect(id)).toMatchObject({ state: 'exited', exitCode: 137 })
})

test('an engine that refuses removals keeps the ended container until it removes it', async () => {
  const engine = anEngine()
  const id = await run(engine, aSpec('nginx'))
  engine.refuseRemovals(true)
  await expect(engine.remove(id)).rejects.toThrow('device or resource busy')
  expect((await engine.inspect(id))?.state).toBe('removing')
  engine.refuseRemovals(false)
  await engine.remove(id)
  expect(await engine.list()).toEqual([])
})
