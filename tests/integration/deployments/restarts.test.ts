/** What agents report of restarts in place and of unhealthy or paused containers, and how the control plane reacts. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { ReplicaReport } from '@/core/agents/protocol'
import { noRestarts, type RestartRecord } from '@/core/deployments/restart'
import { readEvents } from '@/server/store/notifications/events'
import { aDeployment, FakeAgent, type TestControlPlane, testControlPlane } from '@/testing/control-plane'

let cp: TestControlPlane
let agent: FakeAgent
let id: string

beforeEach(async () => {
  cp = await testControlPlane()
  agent = await new FakeAgent(cp).join({ name: 'node-01' }, { name: 'node-02' })
  id = (await (await cp.as('admin')).deployment.deploy(aDeployment())).deployment_id
  await cp.schedule()
  await agent.obey()
})
afterEach(() => cp.close())

const detail = async () => (await cp.as('admin')).deployment.detail({ id })
const theReplica = async () => {
  const [replica] = await agent.wanted()
  if (!replica) throw new Error('one is wanted')
  return replica
}

const ago = (seconds: number) => new Date(Date.now() - seconds * 1000).toISOString()
/** Returns the times, in seconds, at which the call began and ended. */
const between = async (call: () => Promise<unknown>): Promise<[number, number]> => {
  const first = Date.now() / 1_000
  await call()
  return [first, Date.now() / 1_000]
}

const record = (overrides: Partial<RestartRecord> = {}): RestartRecord => ({
  ...noRestarts,
  wasWell: true,
  ...overrides,
})

const ended = (overrides: Partial<ReplicaReport> = {}): Partial<ReplicaReport> => ({
  status: 'starting',
  reason: 'exited with code 1: out of luck',
  exitCode: 1,
  restarts: record({ interruptions: 1 }),
  restartInMs: 1_000,
  ...overrides,
})
const again = (restarts: Partial<RestartRecord>, overrides: Partial<ReplicaReport> = {}): Partial<ReplicaReport> => ({
  status: 'running',
  reason: 'Running again (restart 1)',
  restarts: record(restarts),
  ...overrides,
})
const steps = async () =>
  cp.sql<{ step: string; reason: string; at: Date }>(
    `select old_status || '>' || new_status as step, reason, changed_at as at from replica_status_history
     where deployment_id = $1 order by id`,
    [id],
  )

test('a restart in place keeps the row and the deployment running, and events from an outage keep their own times', async () => {
  const replica = await theReplica()
  await cp.sql(`update replica_status_history set changed_at = changed_at - interval '1 minute'`)
  await cp.sql(`update deployment_replicas set created_at = created_at - interval '1 minute'`)
  const saidAt = await between(() => agent.report(replica, ended({ observedAt: ago(20) }), ago(0)))
  expect(await detail()).toMatchObject({ status: 'running', health: 'degraded', runningReplicas: 0 })
  const once = { interruptions: 1, restarts: 1, inARow: 1 }
  const ranAt = await between(() => agent.report(replica, again(once, { observedAt: ago(19) }), ago(0)))
  expect((await steps()).slice(-2)).toMatchObject([
    { step: 'running>starting', reason: 'exited with code 1: out of luck' },
    { step: 'starting>running', reason: 'Running again (restart 1)' },
  ])
  const [end, restart] = (await steps()).slice(-2).map(({ at }) => at.getTime() / 1_000)
  for (const [at, [first, last]] of [
    [(end ?? 0) + 20, saidAt],
    [(restart ?? 0) + 19, ranAt],
  ] as const) {
    expect(at).toBeGreaterThanOrEqual(first - 0.1)
    expect(at).toBeLessThanOrEqual(last + 0.1)
  }
  const seen = await detail()
  expect(seen).toMatchObject({ status: 'running', health: 'healthy', runningReplicas: 1 })
  expect(seen.replicas).toMatchObject([
    {
      id: replica.replicaId,
      generation: 1,
      exitCode: 1,
      restarts: { count: 1, inARow: 1, nextAt: null, lastEnd: { reason: 'exited with code 1: out of luck' } },
    },
  ])
  const changes = await cp.sql('select 1 from deployment_status_history where deployment_id = $1', [id])
  expect(changes).toHaveLength(3)
})

test('a report that is repeated or late undoes nothing', async () => {
  const replica = await theReplica()
  const history = [ended(), again({ interruptions: 1, restarts: 1, inARow: 1 })]
  for (const report of history) await agent.report(replica, report)
  const before = await steps()
  for (const report of [...history, { status: 'starting' as const }, { status: 'running' as const }])
    await agent.report(replica, report)
  expect(await steps()).toEqual(before)
  expect((await detail()).replicas[0]).toMatchObject({ status: 'running', restarts: { count: 1 } })
})

test('an agent that lost its state gets the known number of restarts', async () => {
  await agent.report(await theReplica(), ended({ restarts: record({ interruptions: 4, restarts: 3, inARow: 2 }) }))
  expect((await theReplica()).restarts).toEqual({ interruptions: 4, restarts: 3, inARow: 2, wasWell: true })
})

test('after five restarts another node is tried, and the back-off continues there', async () => {
  const replica = await theReplica()
  const often = { interruptions: 6, restarts: 5, inARow: 5 }
  await agent.report(replica, ended({ restarts: record({ ...often, restarts: 4, inARow: 4 }) }))
  expect(await cp.schedule()).toBe(0)
  await agent.report(replica, ended({ restarts: record({ ...often, interruptions: 7 }) }))
  await cp.schedule()
  const next = (await agent.wanted()).find(({ replicaId }) => replicaId !== replica.replicaId)
  if (!next) throw new Error('another one is wanted')
  expect(next).toMatchObject({
    slot: 0,
    generation: 2,
    restarts: { interruptions: 0, restarts: 0, inARow: 5, wasWell: true },
  })
  expect(next.nodeId).not.toBe(replica.nodeId)
  await agent.report(next, again({ inARow: 5 }))
  await cp.schedule()
  const wanted = await agent.wanted()
  expect(wanted.map((one) => [one.generation, one.wanted]).sort()).toEqual([
    [1, 'stop'],
    [2, 'run'],
  ])
  expect(await detail()).toMatchObject({ status: 'running', health: 'healthy' })
})

test('without another node the restarts continue in place', async () => {
  await (await cp.as('admin')).node.cordon({ id: agent.id('node-01'), cordoned: true })
  await (await cp.as('admin')).node.cordon({ id: agent.id('node-02'), cordoned: true })
  await agent.report(await theReplica(), ended({ restarts: record({ interruptions: 7, restarts: 6, inARow: 6 }) }))
  await cp.schedule()
  expect(await detail()).toMatchObject({ status: 'running', health: 'degraded', waiting: null })
  expect(await agent.wanted()).toMatchObject([{ wanted: 'run', generation: 1 }])
  expect(cp.logged.filter((line) => line.includes('Insufficient'))).toEqual([])
})

test('a replica that its agent gave up ends as failed, with the reason', async () => {
  const given = { interruptions: 6, restarts: 5, inARow: 5, wasWell: false }
  await agent.report(await theReplica(), ended({ status: 'failed', restartInMs: null, gone: true, restarts: given }))
  await cp.schedule()
  expect(await detail()).toMatchObject({
    status: 'failed',
    reason: 'Replica 1 failed after 5 restarts: exited with code 1: out of luck',
  })
})

test('an unhealthy replica is shown with its check, recorded in the history and announced to channels once', async () => {
  const from = new Date(Date.now() - 60_000)
  const replica = await theReplica()
  const unwell = {
    health: 'unhealthy' as const,
    reason: 'Its health check fails: no answer',
    checkOutput: 'no answer',
    restartInMs: 1_000,
  }
  await agent.report(replica, { ...unwell, restarts: record() })
  const seen = await detail()
  expect(seen).toMatchObject({ status: 'running', health: 'unhealthy' })
  expect(seen.replicas).toMatchObject([
    { health: 'unhealthy', checkOutput: 'no answer', unhealthySince: expect.any(String), reason: unwell.reason },
  ])
  expect(seen.replicas[0]?.restarts.nextAt).not.toBeNull()
  await agent.report(replica, ended({ reason: `Restarting: ${unwell.reason}` }))
  await agent.report(replica, again({ interruptions: 1, restarts: 1, inARow: 1 }, { health: 'starting' }))
  expect((await detail()).replicas).toMatchObject([{ checkOutput: null, unhealthySince: null }])
  await agent.report(replica, again({ interruptions: 1, restarts: 1, inARow: 1 }, unwell))

  const { events } = await readEvents(
    cp.store,
    { from, to: new Date(Date.now() + 60_000), kinds: ['deployment.unhealthy'] },
    10,
  )
  expect(events).toMatchObject([
    {
      kind: 'deployment.unhealthy',
      subject: { type: 'deployment', id, name: 'web-api' },
      detail: expect.stringMatching(/^Replica 1 on node-0\d: Its health check fails: no answer$/),
    },
  ])
  const marks = await (await cp.as('admin')).history.marks({ from: from.toISOString(), to: ago(-1), deploymentId: id })
  expect(marks.marks.map(({ kind }) => kind)).toEqual(['deploy', 'unhealthy', 'interrupted', 'unhealthy'])
  const timeline = await (await cp.as('admin')).deployment.timeline({ id })
  expect(timeline.replicas.filter(({ health }) => health === 'unhealthy')).toHaveLength(2)
})

test('a paused replica is not running, but has not ended either', async () => {
  const replica = await theReplica()
  const paused = { standstill: 'paused' as const, reason: 'Paused on the node by somebody else', restartInMs: null }
  await agent.report(replica, ended({ ...paused, exitCode: null }))
  const seen = await detail()
  expect(seen).toMatchObject({ status: 'running', health: 'degraded', runningReplicas: 0 })
  expect(seen.replicas).toMatchObject([
    { status: 'starting', ...{ standstill: 'paused' }, restarts: { lastEnd: null } },
  ])
  await agent.report(replica, again({ interruptions: 1 }))
  expect((await detail()).replicas).toMatchObject([{ status: 'running', standstill: null }])
})

test('a start time is converted to the clock of the control plane, lies between creation and now, and keeps its first value', async () => {
  const admin = await cp.as('admin')
  id = (await admin.deployment.deploy(aDeployment({ replicas: 1, image: 'sim/ok' }))).deployment_id
  await cp.schedule()
  const replica = (await agent.wanted()).find(({ deploymentId }) => deploymentId === id)
  if (!replica) throw new Error('one replica is wanted')
  await cp.sql(`update replica_status_history set changed_at = changed_at - interval '10 minutes'`)
  await cp.sql(`update deployment_replicas set created_at = created_at - interval '10 minutes'`)
  // The node has no clock that was set.
  const on2000 = (seconds: number) => new Date(Date.UTC(2000, 0, 1) + seconds * 1_000).toISOString()
  const times = async () =>
    (
      await cp.sql<{ created: number; started: number; finished: number; now: number }>(
        `select extract(epoch from created_at)::float8 as created, extract(epoch from started_at)::float8 as started,
           extract(epoch from finished_at)::float8 as finished, extract(epoch from now())::float8 as now
         from deployment_replicas where id = $1`,
        [replica.replicaId],
      )
    )[0] ?? { created: 0, started: 0, finished: 0, now: 0 }
  const reported = (overrides: Partial<ReplicaReport>) =>
    between(() => agent.report(replica, { status: 'running', ...overrides }, on2000(300)))

  const [first, last] = await reported({ startedAt: on2000(0), observedAt: on2000(1) })
  const { started } = await times()
  expect(started + 300).toBeGreaterThanOrEqual(first - 0.1)
  expect(started + 300).toBeLessThanOrEqual(last + 0.1)
  // The same report again over another path, and a time from an earlier process with another clock.
  await reported({ startedAt: on2000(1), observedAt: on2000(1) })
  await reported({ startedAt: '1970-01-01T00:00:00Z', observedAt: on2000(1) })
  expect((await times()).started).toBe(started)

  await reported({ status: 'failed', reason: 'exited with code 1', startedAt: on2000(0), observedAt: on2000(200) })
  const ended = await times()
  expect(ended.finished - ended.started).toBeGreaterThan(199)
  expect(ended.finished).toBeLessThan(ended.now)
  const steps = await cp.sql<{ at: Date }>(
    'select changed_at as at from replica_status_history where replica_id = $1 order by id',
    [replica.replicaId],
  )
  expect(new Set(steps.map(({ at }) => at.getTime())).size).toBe(steps.length)
})

test('an impossible start time becomes the replica’s creation, or now', async () => {
  const admin = await cp.as('admin')
  id = (await admin.deployment.deploy(aDeployment({ replicas: 2, image: 'sim/ok' }))).deployment_id
  await cp.schedule()
  const replicas = (await agent.wanted()).filter(({ deploymentId }) => deploymentId === id)
  for (const [i, replica] of replicas.entries())
    await agent.report(replica, { startedAt: ['1970-01-01T00:00:00Z', '2999-01-01T00:00:00Z'][i] ?? null })
  const rows = await cp.sql<{ early: boolean; late: boolean }>(
    `select started_at < created_at as early, started_at > now() as late from deployment_replicas where deployment_id = $1`,
    [id],
  )
  expect(rows).toEqual([
    { early: false, late: false },
    { early: false, late: false },
  ])
})
