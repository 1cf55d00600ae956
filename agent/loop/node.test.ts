import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import type { Engine } from '@/agent/engines/engine'
import { EngineError } from '@/agent/engines/engine'
import type { SimulatedEngine } from '@/agent/engines/simulated/engine'
import { aReplica, until } from '@/testing/agent/builders'
import { Rig, withCalls } from '@/testing/agent/rig'

let rig: Rig
afterEach(() => rig.dispose())
const aRig = async (calls?: (engine: SimulatedEngine) => Partial<Engine>, prepare?: (rig: Rig) => void) => {
  rig = new Rig('node-01', calls ? (engine) => withCalls(engine, calls) : undefined)
  prepare?.(rig)
  await rig.start()
  return rig
}

const onDisk = () => readFileSync(join(rig.dataDir, 'nodes', 'node-01.json'), 'utf8')

test('reports each step of a start, and "running" only once it was seen running', async () => {
  let isRunning = false
  let reportedBefore = false
  const { controlPlane } = await aRig((engine) => ({
    start: async (id, signal) => {
      reportedBefore = controlPlane.reports.some((report) => report.status === 'running')
      await engine.start(id, signal)
      isRunning = true
    },
  }))
  const replica = aReplica({ image: 'nginx:latest', ports: [{ container: 80, host: null }] })
  rig.want(replica)
  const running = await rig.reported(replica, 'running')
  expect([isRunning, reportedBefore]).toEqual([true, false])
  expect(running).toMatchObject({ gone: false, ports: [{ container: 80, host: 32_768 }], health: null, exitCode: null })
  expect(Date.parse(running.startedAt ?? '')).toBeLessThanOrEqual(rig.clock.now())
  const steps = controlPlane.reportsOn(replica.replicaId).map(({ status, reason }) => `${status}: ${reason}`)
  expect(steps).toEqual([
    'starting: Pulling nginx:latest',
    'starting: Starting container',
    'running: Container is running',
  ])
})

test('pulls only missing images', async () => {
  const pulled: string[] = []
  await aRig((engine) => ({
    pull: (image, options) => {
      pulled.push(image)
      return engine.pull(image, options)
    },
  }))
  for (const slot of [0, 1]) {
    const replica = aReplica({ image: 'nginx:latest', slot })
    rig.want(...rig.controlPlane.stateOf(rig.nodeId).replicas, replica)
    await rig.reported(replica, 'running')
  }
  expect(pulled).toEqual(['nginx:latest'])
})

test('reports failures in the engine’s own words, and that no container is left', async () => {
  await aRig()
  const [noImage, crash] = [aReplica({ image: 'sim/fail-pull' }), aReplica({ image: 'sim/crash:5s' })]
  rig.want(noImage, crash)
  // Both failures happen at once and only the last report counts: "running" may have been superseded.
  expect(await rig.gone(noImage)).toMatchObject({
    status: 'failed',
    reason: 'manifest for sim/fail-pull not found: manifest unknown',
    containerId: null,
  })
  expect(await rig.gone(crash)).toMatchObject({
    status: 'failed',
    reason: 'exited with code 1: fatal: simulated crash of sim/crash:5s',
    exitCode: 1,
    startedAt: expect.any(String),
  })
  expect(await rig.engine.list()).toEqual([])
})

test('reports changes of health', async () => {
  await aRig()
  const [good, bad] = [aReplica({ image: 'sim/ok' }), aReplica({ image: 'sim/unhealthy' })]
  rig.want(good, bad)
  await until(() => rig.controlPlane.last(good.replicaId)?.health === 'healthy')
  await until(() => rig.controlPlane.last(bad.replicaId)?.health === 'unhealthy')
  expect(rig.controlPlane.last(bad.replicaId)?.status).toBe('running')
})

test('aborts a start that is no longer desired', async () => {
  await aRig()
  const replica = aReplica({ image: 'sim/slow:1000s' })
  rig.want(replica)
  await until(async () => (await rig.engine.list()).length === 1)
  rig.controlPlane.wantStop(rig.nodeId)
  expect(await rig.gone(replica)).toMatchObject({ status: 'stopped' })
  expect(await rig.engine.list()).toEqual([])
})

test('aborts a pull that is no longer desired', async () => {
  let aborted = false
  await aRig(() => ({
    pull: (_, { signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          aborted = true
          reject(signal.reason)
        })
      }),
  }))
  const replica = aReplica({ image: 'web' })
  rig.want(replica)
  await rig.reported(replica, 'starting')
  rig.want()
  expect(await rig.gone(replica)).toMatchObject({ status: 'stopped' })
  expect(aborted).toBe(true)
})

const hangingPulls = (engine: SimulatedEngine): Partial<Engine> => ({
  pull: (image, options) =>
    image.startsWith('hang') ? new Promise(() => options.onProgress()) : engine.pull(image, options),
})
const hanging = (count: number) => Array.from({ length: count }, (_, slot) => aReplica({ image: `hang:${slot}`, slot }))

test('hanging pulls do not block the pulls of other images for long', async () => {
  await aRig(hangingPulls, (each) => {
    each.timing = { parallelPulls: 2, pullGraceMs: 5_000 }
  })
  const pulls = hanging(4)
  const fine = aReplica({ image: 'nginx:latest' })
  rig.want(...pulls, fine)
  await rig.reported(fine, 'running')
  for (const each of pulls) expect((await rig.reported(each, 'starting')).reason).toContain(each.image)
})

test('hanging pulls do not block images that are already on the node', async () => {
  await aRig(hangingPulls, (each) => {
    each.timing = { parallelPulls: 1, pullGraceMs: 2 ** 30 }
  })
  const first = aReplica({ image: 'nginx:latest' })
  rig.want(first)
  await rig.reported(first, 'running')
  const second = aReplica({ image: 'nginx:latest' })
  rig.want(first, ...hanging(2), second)
  await rig.reported(second, 'running')
})

test('starts many containers in parallel, but never more than the limit', async () => {
  let now = 0
  let most = 0
  await aRig(
    (engine) => ({
      start: async (id, signal) => {
        most = Math.max(most, ++now)
        await engine.start(id, signal).finally(() => --now)
      },
    }),
    (each) => {
      each.timing = { parallelStarts: 4 }
    },
  )
  const replicas = Array.from({ length: 12 }, (_, slot) => aReplica({ slot }))
  rig.want(...replicas)
  await Promise.all(replicas.map((replica) => rig.reported(replica, 'running')))
  expect(most).toBe(4)
})

test.each([
  ['', true],
  [' and its desired state was not saved', false],
])('starts a container that was created but not started when the agent died%s', async (_, isWritten) => {
  let hangs = true
  await aRig((engine) => ({ start: (id, signal) => (hangs ? new Promise(() => undefined) : engine.start(id, signal)) }))
  const replica = aReplica()
  rig.want(replica)
  await until(async () => (await rig.engine.list()).length === 1)
  const [made] = await rig.engine.list()
  await rig.kill()
  hangs = false
  const { wanted } = JSON.parse(onDisk())
  const before = JSON.stringify({ wanted: { ...wanted, replicas: [] }, memory: [] })
  if (!isWritten) writeFileSync(join(rig.dataDir, 'nodes', 'node-01.json'), before)
  rig.controlPlane.line = 'away'
  await rig.start()
  await rig.pass(20_000)
  expect(
    (await rig.engine.list()).map((each) => each.state),
    'nothing starts from the saved state alone',
  ).toEqual(['created'])
  rig.controlPlane.line = 'up'
  expect((await rig.reported(replica, 'running')).containerId).toBe(made?.id)
})

test('adopts its containers after a kill -9, and does not restart them', async () => {
  await aRig()
  const replica = aReplica()
  rig.want(replica)
  const before = await rig.reported(replica, 'running')
  await until(() => rig.controlPlane.last(replica.replicaId)?.health === 'healthy')
  await rig.kill()
  rig.controlPlane.reports.length = 0
  await rig.start()
  const after = await rig.reported(replica, 'running')
  expect(after).toMatchObject({ containerId: before.containerId, startedAt: before.startedAt })
  await rig.pass(20_000)
  expect(await rig.engine.list()).toHaveLength(1)
  expect(rig.controlPlane.reports.every((report) => report.status === 'running')).toBe(true)
})

test('reports the exit code of a container that ended while the agent was down', async () => {
  await aRig()
  const replica = aReplica({ image: 'sim/crash:20s' })
  rig.want(replica)
  await rig.reported(replica, 'running')
  await rig.kill()
  await rig.pass(25_000)
  await rig.start()
  expect(await rig.gone(replica)).toMatchObject({ status: 'failed', exitCode: 1 })
})

test('reports an end again when its report was lost with the agent, and starts nothing twice', async () => {
  await aRig()
  const replica = aReplica({ image: 'sim/crash:5s' })
  rig.want(replica)
  await rig.reported(replica, 'running')
  rig.controlPlane.line = 'away'
  await until(async () => (await rig.engine.list()).length === 0)
  await until(() => onDisk().includes('"gone":true'))
  await rig.kill()
  rig.controlPlane.line = 'up'
  await rig.start()
  expect(await rig.gone(replica)).toMatchObject({ status: 'failed', exitCode: 1 })
  await rig.pass(20_000)
  expect(await rig.engine.list()).toEqual([])
})

test('saves an end before it removes the container: a kill -9 in between does not lose the reason', async () => {
  let hangs = true
  await aRig((engine) => ({
    remove: async (id) => {
      await engine.remove(id)
      if (hangs) await new Promise(() => undefined)
    },
  }))
  const replica = aReplica({ image: 'sim/crash:20s' })
  rig.want(replica)
  await rig.reported(replica, 'running')
  await until(async () => (await rig.engine.list()).length === 0)
  await rig.kill()
  hangs = false
  await rig.start()
  const reason = 'exited with code 1: fatal: simulated crash of sim/crash:20s'
  expect(await rig.gone(replica)).toMatchObject({ status: 'failed', exitCode: 1, reason })
})

test('reports an end once more when the control plane seems to have missed it, and starts nothing', async () => {
  await aRig(undefined, (each) => {
    each.controlPlane.concludes = false
  })
  const replica = aReplica({ image: 'sim/fail-pull' })
  rig.want(replica)
  const gone = await rig.gone(replica)
  const reported = rig.controlPlane.reports.length
  rig.want(replica)
  await until(() => rig.controlPlane.reports.length > reported)
  await rig.pass(20_000)
  expect(rig.controlPlane.reports.slice(reported)).toEqual([gone])
})

test('saves the desired state, without its secrets, before anything runs because of it', async () => {
  const seen: string[] = []
  await aRig((engine) => ({
    start: (id, signal) => {
      seen.push(onDisk())
      return engine.start(id, signal)
    },
  }))
  const replica = aReplica({ env: { PASSWORD: 'hunter2' } })
  rig.want(replica)
  await rig.reported(replica, 'running')
  expect(seen[0]).toContain(replica.replicaId)
  expect(onDisk()).not.toContain('hunter2')
  expect(readFileSync(join(rig.dataDir, 'engine.json'), 'utf8')).not.toContain('hunter2')
})

test('starts nothing from the saved state alone, but stops replicas that should stop', async () => {
  await aRig()
  const [ran, stopped] = [aReplica(), aReplica({ deploymentName: 'stopped' })]
  rig.want(ran, stopped)
  await Promise.all([rig.reported(ran, 'running'), rig.reported(stopped, 'running')])
  // The agent knew of this replica before it was killed, but had not started it.
  const late = aReplica({ deploymentName: 'late' })
  await rig.kill()
  const path = join(rig.dataDir, 'nodes', 'node-01.json')
  const state = JSON.parse(readFileSync(path, 'utf8'))
  state.wanted.replicas = [ran, { ...stopped, wanted: 'stop' }, late]
  writeFileSync(path, JSON.stringify(state))
  rig.controlPlane.line = 'away'
  await rig.start()
  await until(async () => (await rig.engine.list()).length === 1)
  await rig.pass(20_000)
  expect((await rig.engine.list()).map((each) => each.replicaId)).toEqual([ran.replicaId])
  rig.controlPlane.want(rig.nodeId, [ran, late])
  rig.controlPlane.line = 'up'
  await rig.reported(late, 'running')
})

const reboot = async () => {
  await rig.kill()
  await rig.bareEngine().reboot()
}

test('restarts replicas after a reboot while the control plane is away, and reports that later', async () => {
  await aRig()
  const [replica, late] = [aReplica({ image: 'nginx:latest', env: { PASSWORD: 'hunter2' } }), aReplica()]
  rig.want(replica)
  const before = await rig.reported(replica, 'running')
  rig.controlPlane.line = 'away'
  await reboot()
  expect((await rig.bareEngine().list()).map((each) => each.state)).toEqual(['exited'])
  await rig.start()
  await until(async () => (await rig.engine.list())[0]?.state === 'running')
  await rig.pass(20_000)
  expect((await rig.engine.list()).map((each) => each.id)).toEqual([before.containerId])
  rig.controlPlane.want(rig.nodeId, [replica, late])
  rig.controlPlane.line = 'up'
  await rig.reported(late, 'running')
  const again = await until(() => {
    const reported = rig.controlPlane.last(replica.replicaId)
    return reported?.reason.startsWith('Started again') ? reported : null
  })
  expect(again).toMatchObject({ status: 'running', containerId: before.containerId })
  expect(Date.parse(again.startedAt ?? '')).toBeGreaterThan(Date.parse(before.startedAt ?? ''))
  expect(Date.parse(again.observedAt ?? '')).toBeGreaterThan(Date.parse(before.observedAt ?? ''))
})

test('asks the control plane first after a reboot, and does not restart a replaced replica', async () => {
  const started: string[] = []
  await aRig((engine) => ({
    start: (id, signal) => {
      started.push(id)
      return engine.start(id, signal)
    },
  }))
  const replica = aReplica()
  rig.want(replica)
  await rig.reported(replica, 'running')
  await rig.kill()
  // A new instance reads the engine's file, as after a real reboot.
  await rig.bareEngine().reboot()
  rig.controlPlane.wantStop(rig.nodeId)
  await rig.start()
  expect(await rig.gone(replica)).toMatchObject({ status: 'stopped' })
  expect(started).toHaveLength(1)
})

test('does not treat a container that exited by itself as one that a reboot ended', async () => {
  await aRig()
  const replica = aReplica({ image: 'sim/crash:20s' })
  rig.want(replica)
  await rig.reported(replica, 'running')
  await reboot()
  await rig.start()
  await until(() => rig.controlPlane.last(replica.replicaId)?.reason.startsWith('Started again'))
  // In the new run of the engine a crash counts as a crash.
  expect(await rig.gone(replica)).toMatchObject({ status: 'failed', exitCode: 1 })
})

test('reports each step that happened while the control plane was away, even after an agent restart', async () => {
  await aRig()
  const replica = aReplica({ image: 'sim/crash:60s' })
  rig.want(replica)
  await rig.reported(replica, 'running')
  rig.controlPlane.line = 'away'
  await reboot()
  await rig.start()
  await until(() => onDisk().includes('Started again'))
  await until(() => onDisk().includes('exited with code 1'))
  await rig.kill()
  rig.controlPlane.reports.length = 0
  await rig.start()
  rig.controlPlane.line = 'up'
  await until(() => rig.controlPlane.reportsOn(replica.replicaId).length >= 4)
  const steps = rig.controlPlane.reportsOn(replica.replicaId).slice(0, 4)
  expect(steps.map(({ status, reason }) => `${status}: ${reason}`)).toEqual([
    'running: Container is running',
    'starting: Ended with the engine or its machine',
    'running: Started again after the engine or its machine restarted',
    'starting: exited with code 1: fatal: simulated crash of sim/crash:60s',
  ])
  const times = steps.map(({ observedAt }) => Date.parse(observedAt ?? ''))
  expect(times).toEqual([...new Set(times)].sort((a, b) => a - b))
})

test('acknowledges a desired state only once it is on the disk', async () => {
  await aRig()
  rig.want(aReplica())
  const held = () => rig.controlPlane.stateOf(rig.nodeId).revision
  await until(() => rig.controlPlane.beats.at(-1)?.revision === held())
  const before = held()
  const folder = join(rig.dataDir, 'nodes')
  rmSync(folder, { recursive: true })
  writeFileSync(folder, 'no folder: nothing can be written there')
  const replica = aReplica({ deploymentName: 'unsaved' })
  rig.want(replica)
  await rig.reported(replica, 'running')
  await rig.pass(12_000)
  expect(rig.controlPlane.beats.at(-1)?.revision).toBe(before)
  rmSync(folder)
  await until(() => rig.controlPlane.beats.at(-1)?.revision === held())
  expect(onDisk()).toContain(replica.replicaId)
})

test('adopts a new heartbeat interval without a restart', async () => {
  await aRig()
  await until(() => rig.controlPlane.beats.length > 1)
  rig.controlPlane.heartbeatSeconds = 1_000
  const asked = rig.controlPlane.beats.length
  await until(() => rig.controlPlane.beats.length > asked)
  const known = rig.controlPlane.beats.length
  await rig.pass(60_000)
  expect(rig.controlPlane.beats.length).toBe(known)
})

test('reports all running replicas again when the control plane is back', async () => {
  await aRig()
  const replica = aReplica()
  rig.want(replica)
  await until(() => rig.controlPlane.last(replica.replicaId)?.health === 'healthy')
  rig.controlPlane.line = 'away'
  await rig.pass(20_000)
  const reported = rig.controlPlane.reportsOn(replica.replicaId)
  rig.controlPlane.line = 'up'
  await until(() => rig.controlPlane.reportsOn(replica.replicaId).length > reported.length)
  expect(rig.controlPlane.last(replica.replicaId)).toEqual(reported.at(-1))
})

test('reports all running replicas again when only the control plane noticed an outage', async () => {
  await aRig()
  const replica = aReplica()
  rig.want(replica)
  await until(() => rig.controlPlane.last(replica.replicaId)?.health === 'healthy')
  await rig.pass(20_000)
  const reported = rig.controlPlane.reportsOn(replica.replicaId)
  rig.controlPlane.missed.add(rig.nodeId)
  await until(() => rig.controlPlane.reportsOn(replica.replicaId).length > reported.length)
  expect(rig.controlPlane.last(replica.replicaId)).toEqual(reported.at(-1))
})

test('removes nothing before it received its first desired state', async () => {
  await aRig()
  const replica = aReplica()
  rig.want(replica)
  await rig.reported(replica, 'running')
  await rig.kill()
  rmSync(join(rig.dataDir, 'nodes'), { recursive: true })
  rig.controlPlane.line = 'away'
  await rig.start()
  await rig.pass(20_000)
  expect(await rig.engine.list()).toHaveLength(1)
})

test('receives changes with heartbeats when nothing is pushed', async () => {
  await aRig(undefined, (each) => {
    each.controlPlane.pushes = false
  })
  const replica = aReplica()
  rig.want(replica)
  await rig.reported(replica, 'running')
  rig.want()
  expect((await rig.gone(replica)).status).toBe('stopped')
})

test('accepts an older desired state only in the answer to a heartbeat that named the newer one', async () => {
  await aRig()
  const [one, two] = [aReplica(), aReplica({ deploymentName: 'two' })]
  rig.controlPlane.want(rig.nodeId, [one, two], '7')
  await Promise.all([rig.reported(one, 'running'), rig.reported(two, 'running')])
  await until(() => rig.controlPlane.beats.at(-1)?.revision === '7')
  rig.controlPlane.line = 'away'
  rig.controlPlane.want(rig.nodeId, [one], '3')
  await rig.pass(10_000)
  expect(await rig.engine.list()).toHaveLength(2)
  // A database backup was restored, and the answer to a heartbeat shows it.
  rig.controlPlane.line = 'up'
  await rig.gone(two)
  expect((await rig.engine.list()).map((each) => each.replicaId)).toEqual([one.replicaId])
})

test('ignores a pushed state that is older than the current one', async () => {
  await aRig()
  const replica = aReplica()
  rig.controlPlane.want(rig.nodeId, [replica], '9')
  await rig.reported(replica, 'running')
  await until(() => rig.controlPlane.beats.at(-1)?.revision === '9')
  rig.controlPlane.push({ nodeId: rig.nodeId, revision: '8', replicas: [] })
  await rig.pass(20_000)
  expect(await rig.engine.list()).toHaveLength(1)
})

test('keeps all reports of each replica in order while the control plane is away', async () => {
  await aRig()
  const [first, second] = [aReplica({ image: 'sim/crash:20s' }), aReplica({ image: 'sim/crash:25s' })]
  rig.want(first, second)
  await Promise.all([rig.reported(first, 'running'), rig.reported(second, 'running')])
  rig.controlPlane.line = 'away'
  await until(async () => (await rig.engine.list()).length === 0)
  rig.controlPlane.reports.length = 0
  rig.controlPlane.line = 'up'
  await Promise.all([rig.gone(first), rig.gone(second)])
  const steps = [...Array.from({ length: 5 }, () => ['starting', 'running']).flat(), 'failed']
  for (const each of [first, second])
    expect(rig.controlPlane.reportsOn(each.replicaId).map((report) => report.status)).toEqual(steps)
})

test('a control plane that never answers stops neither heartbeats nor containers', async () => {
  await aRig()
  const replica = aReplica()
  rig.want(replica)
  await rig.reported(replica, 'running')
  rig.controlPlane.line = 'silent'
  const beats = rig.controlPlane.beats.length
  await rig.pass(30_000)
  rig.controlPlane.line = 'up'
  await until(() => rig.controlPlane.beats.length > beats + 1)
  expect(await rig.engine.list()).toHaveLength(1)
})

test('reports only changes', async () => {
  await aRig()
  const replica = aReplica()
  rig.want(replica)
  await until(() => rig.controlPlane.last(replica.replicaId)?.health === 'healthy')
  const reported = rig.controlPlane.reports.length
  for (let times = 0; times < 5; times += 1) rig.want(replica)
  await rig.pass(60_000)
  expect(rig.controlPlane.reports).toHaveLength(reported)
})

test('the slow resync finds changes that no event announced', async () => {
  await aRig(() => ({ follow: (events) => events.onOpen() }))
  const [crash, removed] = [aReplica({ image: 'sim/crash:5s' }), aReplica()]
  rig.want(crash, removed)
  const { containerId } = await rig.reported(removed, 'running')
  expect(await rig.gone(crash)).toMatchObject({ status: 'failed', exitCode: 1 })
  await rig.engine.remove(containerId ?? '')
  expect((await rig.gone(removed)).reason).toContain('removed from the engine by somebody else')
})

test('does not fail a replica whose container is missing from one list', async () => {
  let blind = false
  await aRig((engine) => ({ list: async () => (blind ? [] : engine.list()) }))
  const replica = aReplica()
  rig.want(replica)
  await rig.reported(replica, 'running')
  blind = true
  await rig.pass(40_000)
  expect(rig.controlPlane.last(replica.replicaId)?.status).toBe('running')
})

test('keeps health that only an inspection shows, as with Podman, after a list', async () => {
  let calls = 0
  await aRig((engine) => ({
    list: async () => (await engine.list()).map((each) => ({ ...each, health: null })),
    inspect: (id) => {
      calls += 1
      return engine.inspect(id)
    },
  }))
  const replica = aReplica({ image: 'sim/ok' })
  rig.want(replica)
  await until(() => rig.controlPlane.last(replica.replicaId)?.health === 'healthy')
  calls = 0
  await rig.pass(60_000)
  expect(calls).toBe(0)
  expect(rig.controlPlane.last(replica.replicaId)?.health).toBe('healthy')
})

test('backs off when the engine accepts a call and does nothing', async () => {
  let removals = 0
  let idle = true
  await aRig((engine) => ({
    remove: async (id) => {
      removals += 1
      if (!idle) await engine.remove(id)
    },
  }))
  const replica = aReplica()
  rig.want(replica)
  await rig.reported(replica, 'running')
  rig.want()
  await rig.reported(replica, 'stopping')
  await rig.pass(30_000)
  expect(removals).toBeGreaterThan(1)
  expect(removals).toBeLessThan(20)
  idle = false
  expect((await rig.gone(replica)).status).toBe('stopped')
})

test('waits for the previous container of its slot, and reports that once', async () => {
  await aRig((engine) => ({
    stop: async (id, grace) => {
      await rig.pass(10_000)
      await engine.stop(id, grace)
    },
  }))
  const old = aReplica({ ports: [{ container: 80, host: 8080 }] })
  rig.want(old)
  await rig.reported(old, 'running')
  const next = { ...old, replicaId: aReplica().replicaId, generation: 2 }
  rig.want({ ...old, wanted: 'stop' }, next)
  await rig.reported(next, 'running')
  const reasons = rig.controlPlane.reportsOn(next.replicaId).map((report) => report.reason)
  expect(reasons).toEqual(['Waiting for the container before it to end', 'Starting container', 'Container is running'])
})

test('reports an unreachable engine in heartbeats, fails no replica, and retries', async () => {
  let isDown = false
  const whenUp = async <Answer>(call: () => Promise<Answer>): Promise<Answer> => {
    if (isDown) throw new EngineError('unreachable', 'the engine is not running')
    return call()
  }
  await aRig((engine) => ({
    list: () => whenUp(() => engine.list()),
    inspect: (id) => whenUp(() => engine.inspect(id)),
    image: (image) => whenUp(() => engine.image(image)),
  }))
  const [before, during] = [aReplica(), aReplica({ deploymentName: 'during' })]
  rig.want(before)
  await rig.reported(before, 'running')
  isDown = true
  rig.want(before, during)
  await until(() => rig.controlPlane.beats.at(-1)?.engineError === 'the engine is not running')
  isDown = false
  await rig.reported(during, 'running')
  await until(() => rig.controlPlane.beats.at(-1)?.engineError === null)
  expect(rig.controlPlane.reports.some((report) => report.status === 'failed')).toBe(false)
})

test('reports a container that cannot be removed at once, and its removal later', async () => {
  let hanging = true
  await aRig((engine) => ({
    remove: async (id) => {
      if (hanging) throw new EngineError('refused', 'device or resource busy', 500)
      await engine.remove(id)
    },
  }))
  const replica = aReplica({ image: 'sim/crash:1s' })
  rig.want(replica)
  expect(await rig.reported(replica, 'failed')).toMatchObject({ exitCode: 1, gone: false })
  hanging = false
  expect(await rig.gone(replica)).toMatchObject({ status: 'failed', exitCode: 1 })
})

test('retries a refused removal until it works, also after a restart of the agent', async () => {
  await aRig()
  const [stopped, failed] = [
    aReplica({ image: 'sim/stuck-removal:120s' }),
    aReplica({ image: 'sim/crash:1s', deploymentName: 'crash' }),
  ]
  rig.want(stopped)
  await rig.reported(stopped, 'running')
  rig.controlPlane.wantStop(rig.nodeId)
  const message =
    /^Stopped with code 0\. The engine has not removed the container: unable to remove .*: device or resource busy$/
  const report = await until(() =>
    rig.controlPlane.reportsOn(stopped.replicaId).find(({ reason }) => message.test(reason)),
  )
  expect(report).toMatchObject({ status: 'stopped', gone: false, exitCode: 0 })
  await rig.kill()
  await rig.start()
  // Other replicas are not held up.
  rig.want(failed)
  await rig.gone(failed)
  expect(rig.controlPlane.reportsOn(stopped.replicaId).some(({ gone }) => gone)).toBe(false)
  expect(await rig.engine.list()).toMatchObject([{ replicaId: stopped.replicaId, state: 'removing' }])
  expect(await rig.gone(stopped)).toMatchObject({ status: 'stopped', reason: 'Stopped with code 0' })
  expect(await rig.engine.list()).toEqual([])
})

test('treats a container that somebody else removes or stops as ended, and removes it in the end', async () => {
  let state: 'removing' | 'stopping' | null = null
  await aRig((engine) => ({
    list: async () => (await engine.list()).map((each) => ({ ...each, state: state ?? each.state })),
    inspect: async (id) => {
      const found = await engine.inspect(id)
      return found && { ...found, state: state ?? found.state }
    },
    remove: async (id) => {
      if (state === null) return engine.remove(id)
      throw new EngineError('refused', 'driver failed to remove root filesystem', 500)
    },
  }))
  for (const [transient, reason] of [
    ['removing', 'its container is being removed from the engine by somebody else'],
    ['stopping', 'its container is being stopped by somebody else, and does not end'],
  ] as const) {
    const replica = aReplica({ image: 'nginx', deploymentName: transient })
    rig.want(replica)
    await rig.reported(replica, 'running')
    state = transient
    const failed = await rig.reported(replica, 'failed')
    const expected = `${reason}. The engine has not removed the container: driver failed to remove root filesystem`
    expect(failed).toMatchObject({ gone: false, reason: expected })
    state = null
    expect(await rig.gone(replica)).toMatchObject({ status: 'failed', reason })
  }
})

test('backs off when the engine did not start a container, whatever the engine answered', async () => {
  let starts = 0
  await aRig(() => ({
    start: async () => {
      starts += 1
    },
  }))
  const replica = aReplica({ image: 'nginx' })
  rig.want(replica)
  const reported = () =>
    rig.controlPlane.reportsOn(replica.replicaId).find(({ reason }) => reason.includes('has not started'))
  await until(reported)
  await rig.pass(5_000)
  expect(starts).toBeLessThan(10)
  expect(await reported()).toMatchObject({ status: 'starting', gone: false })
})

test('a removed node rejoins with its token, and removes its old containers', async () => {
  await aRig()
  const replica = aReplica()
  rig.want(replica)
  await rig.reported(replica, 'running')
  const before = rig.nodeId
  rig.controlPlane.forget(rig.name)
  await until(async () => (await rig.engine.list()).length === 0)
  expect(rig.nodeId).not.toBe(before)
  expect(rig.controlPlane.joins.length).toBeGreaterThan(1)
  const next = aReplica()
  rig.want(next)
  await rig.reported(next, 'running')
})

test('a node that learns of its removal stops its containers, and starts none of them after a restart', async () => {
  await aRig()
  const [one, two] = [aReplica(), aReplica({ deploymentName: 'two' })]
  rig.want(one, two)
  await rig.reported(one, 'running')
  await rig.reported(two, 'running')
  rig.controlPlane.removed.add(rig.nodeId)
  expect(await rig.gone(one)).toMatchObject({ status: 'stopped' })
  expect(await rig.gone(two)).toMatchObject({ status: 'stopped' })
  expect(await rig.engine.list()).toEqual([])
  await rig.stop()
  rig.controlPlane.line = 'away'
  await rig.start()
  await rig.pass(20_000)
  expect(await rig.engine.list()).toEqual([])
  // A restored database knows the node again, with an older revision.
  rig.controlPlane.removed.clear()
  const next = aReplica()
  rig.controlPlane.want(rig.nodeId, [next])
  rig.controlPlane.line = 'up'
  await rig.reported(next, 'running')
})

test('neither a rejected credential nor a lost connection stops containers', async () => {
  await aRig(undefined, (rig) => {
    rig.token = null
  })
  const replica = aReplica()
  rig.want(replica)
  await rig.reported(replica, 'running')
  const before = (await rig.engine.list()).map(({ id }) => id)
  rig.controlPlane.line = 'away'
  await rig.pass(20_000)
  rig.controlPlane.refuses = true
  rig.controlPlane.line = 'up'
  await rig.pass(20_000)
  expect(rig.controlPlane.refusals).toBeGreaterThan(0)
  expect((await rig.engine.list()).map(({ id, state }) => [id, state])).toEqual(before.map((id) => [id, 'running']))
})

test('a restart needs neither token nor control plane', async () => {
  await aRig()
  const replica = aReplica()
  rig.want(replica)
  await rig.reported(replica, 'running')
  await rig.stop()
  rig.token = null
  rig.controlPlane.line = 'away'
  await rig.start()
  rig.controlPlane.line = 'up'
  const next = aReplica()
  rig.want(replica, next)
  await rig.reported(next, 'running')
  expect(rig.controlPlane.joins.length).toBe(2)
})
