/** Restarts in place, with one agent on simulated engines and a clock fifty times faster than real time. */
import { afterEach, expect, test } from 'vitest'
import type { ContainerHealth, ContainerState, Engine, SeenContainer } from '@/agent/engines/engine'
import type { SimulatedEngine } from '@/agent/engines/simulated/engine'
import type { DesiredReplica, ReplicaReport } from '@/core/agents/protocol'
import { noRestarts } from '@/core/deployments/restart'
import { aReplica, until } from '@/testing/agent/builders'
import { Rig, withCalls } from '@/testing/agent/rig'

let rig: Rig
afterEach(() => rig.dispose())
const aRig = async (calls?: (engine: SimulatedEngine) => Partial<Engine>) => {
  rig = new Rig('node-01', calls ? (engine) => withCalls(engine, calls) : undefined)
  await rig.start()
  return rig
}

/** Overrides what the engine shows of running containers. */
interface Shown {
  state?: ContainerState
  health?: ContainerHealth
  checkOutput?: string
}

/** Returns the calls that were made on containers. */
const aRigThatShows = async (shown: Shown): Promise<string[]> => {
  const done: string[] = []
  const change = <Seen extends SeenContainer>(seen: Seen): Seen =>
    seen.state === 'running' ? { ...seen, ...shown } : seen
  await aRig((engine) => ({
    start: (id, signal) => {
      done.push('start')
      return engine.start(id, signal)
    },
    stop: (id, grace) => {
      done.push('stop')
      return engine.stop(id, grace)
    },
    remove: (id) => {
      done.push('remove')
      return engine.remove(id)
    },
    list: async () => (await engine.list()).map(change),
    inspect: async (id) => {
      const found = await engine.inspect(id)
      return found && change(found)
    },
  }))
  return done
}

const reports = ({ replicaId }: DesiredReplica) => rig.controlPlane.reportsOn(replicaId)
const statuses = (reported: readonly ReplicaReport[]) => reported.map(({ status }) => status)
const seconds = ({ observedAt }: ReplicaReport) => Date.parse(observedAt ?? '') / 1_000

test('restarts a crashed container while the control plane is away, and reports each step with its time', async () => {
  await aRig()
  const replica = aReplica({ image: 'sim/crash:70s' })
  rig.want(replica)
  const first = await rig.reported(replica, 'running')
  rig.controlPlane.line = 'away'
  const cutAt = rig.clock.now()
  await until(async () => {
    const [container] = await rig.engine.list()
    const found = container && (await rig.engine.inspect(container.id))
    return found?.state === 'running' && found.startedAt !== first.startedAt
  })
  const backAt = rig.clock.now()
  await rig.pass(30_000)
  expect(reports(replica).at(-1)?.status).toBe('running')
  rig.controlPlane.reports.length = 0
  rig.controlPlane.line = 'up'
  await until(() => reports(replica).length >= 2)
  const [ended, again] = reports(replica)
  expect(ended).toMatchObject({
    status: 'starting',
    reason: 'exited with code 1: fatal: simulated crash of sim/crash:70s',
    exitCode: 1,
    containerId: first.containerId,
    restarts: { interruptions: 1, restarts: 0, inARow: 0, wasWell: true },
    restartInMs: 1_000,
  })
  expect(again).toMatchObject({
    status: 'running',
    containerId: first.containerId,
    restarts: { interruptions: 1, restarts: 1, inARow: 1, wasWell: true },
    restartInMs: null,
  })
  if (!ended || !again) throw new Error('both were told')
  expect(seconds(ended)).toBeGreaterThan(cutAt / 1_000)
  expect(seconds(again) - seconds(ended)).toBeGreaterThanOrEqual(1)
  // The time of the observation, not of the delivery.
  expect(seconds(again)).toBeLessThan(backAt / 1_000 + 20)
})

test('a replica that was never healthy fails after five restarts, with the reason of the last exit', async () => {
  await aRig()
  const replica = aReplica({ image: 'sim/crash:5s' })
  rig.want(replica)
  const gone = await rig.gone(replica)
  expect(gone).toMatchObject({
    status: 'failed',
    reason: 'exited with code 1: fatal: simulated crash of sim/crash:5s',
    restarts: { interruptions: 6, restarts: 5, inARow: 5, wasWell: false },
  })
  const pauses = reports(replica).flatMap(({ restartInMs }) => (restartInMs === null ? [] : [restartInMs]))
  expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 16_000])
  expect(new Set(reports(replica).flatMap(({ containerId }) => containerId ?? [])).size).toBe(1)
})

test('a replica that was once healthy is restarted without limit', async () => {
  await aRig()
  const replica = aReplica({ image: 'sim/crash:5s', restarts: { ...noRestarts, wasWell: true } })
  rig.want(replica)
  await until(() => reports(replica).some(({ restarts }) => restarts.restarts >= 7))
  expect(statuses(reports(replica))).not.toContain('failed')
})

test('a restarted agent continues the backoff and the restart count', async () => {
  const starts: number[] = []
  await aRig((engine) => ({
    start: (id, signal) => {
      starts.push(rig.clock.now())
      return engine.start(id, signal)
    },
  }))
  const replica = aReplica({ image: 'sim/crash:1s', restarts: { ...noRestarts, wasWell: true, inARow: 6 } })
  rig.want(replica)
  const reported = await until(() => reports(replica).find(({ restartInMs }) => restartInMs === 64_000))
  await rig.kill()
  await rig.start()
  expect(starts).toHaveLength(1)
  const again = await until(() => reports(replica).find(({ restarts }) => restarts.restarts === 1))
  expect(again.restarts).toMatchObject({ inARow: 7, interruptions: 1 })
  expect((starts[1] ?? 0) - Date.parse(reported.observedAt ?? '')).toBeGreaterThanOrEqual(64_000)
})

test('an agent that lost its saved state continues from the counts of the control plane', async () => {
  await aRig()
  const known = { interruptions: 7, restarts: 7, inARow: 2, wasWell: true }
  const replica = aReplica({ image: 'sim/crash:5s', restarts: known })
  rig.want(replica)
  await until(() => reports(replica).some(({ restarts }) => restarts.restarts === 8))
  expect(reports(replica).every(({ restarts }) => restarts.interruptions >= 7)).toBe(true)
})

test('a backoff does not delay a stop', async () => {
  await aRig()
  const replica = aReplica({ image: 'sim/crash:1s', restarts: { ...noRestarts, wasWell: true, inARow: 20 } })
  rig.want(replica)
  await until(() => reports(replica).some(({ restartInMs }) => restartInMs === 300_000))
  rig.controlPlane.wantStop(rig.nodeId)
  expect(await rig.gone(replica)).toMatchObject({ status: 'stopped' })
})

test('reports an unhealthy container with the output of its check, restarts it, and fails it in the end', async () => {
  const stopped: string[] = []
  await aRig((engine) => ({
    stop: (id, grace) => {
      stopped.push(id)
      return engine.stop(id, grace)
    },
  }))
  const replica = aReplica({ image: 'sim/unhealthy' })
  rig.want(replica)
  const gone = await rig.gone(replica)
  const reason = 'Its health check fails: simulated health check of sim/unhealthy: connection refused'
  expect(gone).toMatchObject({ status: 'failed', reason })
  expect(gone.restarts).toMatchObject({ restarts: 5, wasWell: false })
  const first = reports(replica).findIndex(({ health }) => health === 'unhealthy')
  expect(reports(replica)[first]).toMatchObject({
    status: 'running',
    reason,
    checkOutput: 'simulated health check of sim/unhealthy: connection refused',
    restartInMs: 1_000,
  })
  expect(statuses(reports(replica).slice(first, first + 3))).toEqual(['running', 'starting', 'running'])
  expect(reports(replica)[first + 1]?.reason).toBe(`Restarting: ${reason}`)
  expect(new Set(stopped).size).toBe(1)
  expect(stopped).toHaveLength(6)
})

test('a container that recovers before its restart is left alone', async () => {
  const shown: Shown = { health: 'healthy' }
  await aRigThatShows(shown)
  const replica = aReplica({ image: 'web', restarts: { ...noRestarts, wasWell: true, inARow: 6 } })
  rig.want(replica)
  const { startedAt } = await rig.reported(replica, 'running')
  Object.assign(shown, { health: 'unhealthy', checkOutput: 'no answer' })
  await until(() => reports(replica).some(({ health }) => health === 'unhealthy'))
  Object.assign(shown, { health: 'healthy', checkOutput: '' })
  await until(() => rig.controlPlane.last(replica.replicaId)?.health === 'healthy')
  await rig.pass(70_000)
  expect(rig.controlPlane.last(replica.replicaId)).toMatchObject({
    status: 'running',
    reason: 'Its health check passes again',
    startedAt,
    checkOutput: null,
    restartInMs: null,
    restarts: { restarts: 0 },
  })
})

test.each([
  ['paused', 'Paused on the node by somebody else'],
  ['restarting', 'Restarted by its engine, as somebody else told it to'],
  ['unknown', 'Its engine shows it in a state that is not known here'],
] as const)('a container that is %s is left alone, and reported as not running meanwhile', async (state, reason) => {
  const shown: Shown = {}
  const touched = await aRigThatShows(shown)
  const replica = aReplica({ image: 'web' })
  rig.want(replica)
  const before = await rig.reported(replica, 'running')
  shown.state = state
  await until(() => rig.controlPlane.last(replica.replicaId)?.standstill === state)
  await rig.pass(40_000)
  expect(rig.controlPlane.last(replica.replicaId)).toMatchObject({ status: 'starting', reason, health: null })
  expect(touched).toEqual(['start'])
  shown.state = 'running'
  await until(() => rig.controlPlane.last(replica.replicaId)?.status === 'running')
  expect(rig.controlPlane.last(replica.replicaId)).toMatchObject({
    standstill: null,
    startedAt: before.startedAt,
    restarts: { interruptions: 1, restarts: 0 },
  })
})

test('removes a paused container by force when it is no longer desired', async () => {
  const shown: Shown = {}
  await aRigThatShows(shown)
  const replica = aReplica({ image: 'web' })
  rig.want(replica)
  await rig.reported(replica, 'running')
  shown.state = 'paused'
  await until(() => rig.controlPlane.last(replica.replicaId)?.standstill === 'paused')
  rig.want()
  expect(await rig.gone(replica)).toMatchObject({ status: 'stopped' })
})
