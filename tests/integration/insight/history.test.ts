/** The history that is shown is what really happened, at every moment. */
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readPastNodes } from '@/core/insight/history'
import { pruneRecords } from '@/server/store/leader/retention'
import { aDeployment, FakeAgent, type TestControlPlane, testControlPlane } from '@/testing/control-plane'
import { Life, opening } from '@/tests/history/life'
import { deploymentTruthOf, nodeTruthOf, type Truth, truthNow } from '@/tests/history/truth'

let cp: TestControlPlane
beforeEach(async () => {
  cp = await testControlPlane()
})
afterEach(() => cp.close())

const byId = (a: { id: string }, b: { id: string }): number => (a.id < b.id ? -1 : 1)

async function expectPast(truth: Truth): Promise<void> {
  const admin = await cp.as('admin')
  const at = truth.at.toISOString()
  const fleet = await admin.history.fleetAt({ at })
  expect(readPastNodes(fleet.text).map(nodeTruthOf).sort(byId)).toEqual(truth.nodes)
  for (const deployment of truth.deployments)
    expect(deploymentTruthOf(deployment.id, await admin.history.deploymentAt({ id: deployment.id, at }))).toEqual(
      deployment,
    )
}

/** Performs the deeds, and then asks for the state at each of their moments. */
async function expectReported(deeds: readonly (readonly [name: string, pick: number])[]) {
  const life = await Life.begin(cp)
  const happened = new Set<string>()
  const truths: Truth[] = []
  for (const [name, pick] of deeds) {
    if (await life.deeds[name]?.(pick)) happened.add(name)
    truths.push(await truthNow(cp))
  }
  for (const truth of truths) await expectPast(truth)
  return { happened, truths, possible: new Set(Object.keys(life.deeds)) }
}

test('a history with every kind of event is shown at each moment as the tables had it', async () => {
  const { happened, truths, possible } = await expectReported(opening)
  expect(happened).toEqual(possible)
  const seen = truths.flatMap(({ nodes, deployments }) => [
    ...nodes.map(({ state }) => state as string),
    ...deployments.flatMap(({ replicas }) => replicas.map(({ status }) => status as string)),
  ])
  for (const what of ['ready', 'full', 'cordoned', 'draining', 'offline', 'maintenance', 'running', 'failed', 'lost'])
    expect(seen).toContain(what)
})

test('whatever users, agents and the scheduler did, each moment is shown as the tables had it', async () => {
  const deeds = Object.keys((await Life.begin(cp)).deeds)
  // Without fast-check's bias for the first elements, so that all are equally likely.
  const steps = fc.noBias(
    fc.array(fc.tuple(fc.constantFrom(...deeds, 'deploy', 'schedule', 'schedule', 'obey', 'update'), fc.nat(1000)), {
      minLength: 80,
      maxLength: 80,
    }),
  )
  await fc.assert(
    fc.asyncProperty(steps, async (some) => {
      await cp.close()
      cp = await testControlPlane()
      await expectReported([...opening, ...some])
    }),
    { numRuns: 3, endOnFailure: true },
  )
})

const pause = () => new Promise((resolve) => setTimeout(resolve, 5))
const now = () => new Date().toISOString()

/** A node with a running deployment of two replicas. */
async function someLife() {
  const agent = await new FakeAgent(cp).join(
    { name: 'node-01', cpuCores: 8, memoryMb: 16_384 },
    { name: 'node-02', cpuCores: 8, memoryMb: 16_384, region: 'eu-west' },
  )
  const admin = await cp.as('admin')
  await agent.heartbeat({ cpu: 42, memory: 17 })
  const { deployment_id: id } = await admin.deployment.deploy(aDeployment({ replicas: 2 }))
  await cp.schedule()
  await agent.obey()
  await pause()
  return { agent, admin, id }
}

test('usage of nodes is that of the last record, and its time is given', async () => {
  const { agent, admin } = await someLife()
  const [record] = await cp.sql<{ at: Date }>('select max(at) as at from fleet_journal')
  await agent.heartbeat({ cpu: 90, memory: 90 })
  const { text, usageAt } = await admin.history.fleetAt({ at: now() })
  expect(usageAt).toBe(record?.at.toISOString())
  expect(readPastNodes(text).map(({ cpuPercent, memoryPercent }) => [cpuPercent, memoryPercent])).toEqual([
    [42, 17],
    [42, 17],
  ])
  const before = await admin.history.fleetAt({ at: new Date((record?.at.getTime() ?? 0) - 1).toISOString() })
  expect(before.usageAt).toBeNull()
  expect(readPastNodes(before.text).map(({ cpuPercent }) => cpuPercent)).toEqual([null, null])
})

test('when usage records are deleted, everything else stays', async () => {
  const { agent, admin, id } = await someLife()
  const at = now()
  const before = await admin.history.fleetAt({ at })
  await pause()
  await agent.heartbeat({ cpu: 90, memory: 90 })
  await pruneRecords(cp.store, { epoch: cp.epoch, before: new Date() })
  await cp.sql('truncate fleet_journal')
  const after = await admin.history.fleetAt({ at })
  expect(after.usageAt).toBeNull()
  expect(readPastNodes(after.text).map(nodeTruthOf)).toEqual(readPastNodes(before.text).map(nodeTruthOf))
  expect(after.counts).toEqual(before.counts)
  expect((await admin.history.deploymentAt({ id, at })).replicas).toHaveLength(2)
})

test('a machine that returned with another size and region has its former ones before that', async () => {
  const { agent, admin } = await someLife()
  const at = now()
  await pause()
  await agent.join({ name: 'node-01', cpuCores: 2, memoryMb: 4_096, region: 'ap-south' })
  const sizes = async (asked: { at: string; region?: string }) =>
    readPastNodes((await admin.history.fleetAt(asked)).text).map(({ nodeId, region, cpuMillis, memoryMb }) =>
      [nodeId, region, cpuMillis, memoryMb].join(' '),
    )
  expect(await sizes({ at })).toEqual(['node-02 eu-west 8000 16384', 'node-01 us-east 8000 16384'])
  expect(await sizes({ at, region: 'us-east' })).toEqual(['node-01 us-east 8000 16384'])
  expect(await sizes({ at: now() })).toEqual(['node-01 ap-south 2000 4096', 'node-02 eu-west 8000 16384'])
})

test('a late report appears at the time when the agent saw it', async () => {
  const { agent, admin, id } = await someLife()
  // Everything is a minute ago, so that the duration of a call does not matter.
  for (const [table, column] of [
    ['replica_status_history', 'changed_at'],
    ['deployment_status_history', 'changed_at'],
    ['deployment_replicas', 'created_at'],
    ['deployments', 'created_at'],
  ])
    await cp.sql(`update ${table} set ${column} = ${column} - interval '1 minute'`)
  const ago = (seconds: number) => new Date(Date.now() - seconds * 1000).toISOString()
  const between = ago(20)
  const replicas = async () => (await admin.history.deploymentAt({ id, at: between })).replicas
  expect((await replicas()).map(({ status }) => status)).toEqual(['running', 'running'])
  const replica = (await agent.wanted())[0]
  if (!replica) throw new Error('two replicas are wanted')
  const report = { status: 'failed' as const, reason: 'killed', exitCode: 137, startedAt: null, observedAt: ago(40) }
  await agent.report(replica, report, ago(0))
  expect((await replicas()).map(({ status }) => status).sort()).toEqual(['failed', 'running'])
  // The reservation was not released yet.
  expect((await replicas()).map(({ reserved }) => reserved)).toEqual([true, true])
})

test('moments without records are refused, with the earliest moment that is available', async () => {
  const { admin, id } = await someLife()
  const [first] = await cp.sql<{ node: Date; deployment: Date }>(
    'select (select min(created_at) from nodes) as node, (select created_at from deployments) as deployment',
  )
  const tomorrow = new Date(Date.now() + 86_400_000).toISOString()
  await expect(admin.history.fleetAt({ at: tomorrow })).rejects.toThrow('is in the future: choose a moment up to now')
  await expect(admin.history.deploymentAt({ id, at: tomorrow })).rejects.toThrow('is in the future')
  await expect(admin.history.fleetAt({ at: '2001-01-01T00:00:00Z' })).rejects.toThrow(
    `The records begin at ${first?.node.toISOString()}`,
  )
  await expect(admin.history.deploymentAt({ id, at: first?.node.toISOString() })).rejects.toThrow(
    `web-api was made at ${first?.deployment.toISOString()}`,
  )
  await expect(admin.history.fleetAt({ at: 'yesterday' })).rejects.toThrow('Give a moment as ISO 8601')
  await expect(admin.history.deploymentAt({ id: 'web-api' })).rejects.toThrow('There is no deployment web-api')
  await expect(admin.history.marks({ from: tomorrow, to: now() })).rejects.toThrow('a beginning that is before the end')
  expect(await admin.history.bounds()).toMatchObject({ from: first?.node.toISOString() })
})

test('marks count every change in their interval and name the notable ones', async () => {
  const from = now()
  await pause()
  const { agent, admin, id } = await someLife()
  await agent.fail('exited with code 3')
  await admin.node.cordon({ id: agent.id('node-02'), cordoned: true })
  await pause()
  const to = now()
  const { changes, problems, marks, more } = await admin.history.marks({ from, to, parts: 7 })
  const [counted] = await cp.sql<{ all: number; problem: number }>(
    `select ((select count(*) from replica_status_history where old_status <> new_status) + (select count(*) from deployment_status_history)
       + (select count(*) from node_events) + (select count(*) from audit_log where subject_type in ('deployment', 'node')))::int as all,
       (select count(*)::int from replica_status_history where new_status = 'failed') as problem`,
  )
  const sum = (counts: number[]) => counts.reduce((total, count) => total + count, 0)
  expect([changes.length, sum(changes), sum(problems)]).toEqual([7, counted?.all, 2])
  expect(counted?.problem).toBe(2)
  expect(more).toBe(false)
  const reported = marks.map(({ kind, subject, text }) => `${kind} ${subject.name} ${text}`)
  expect(reported[0]).toBe('deploy web-api admin: Deployed')
  expect(reported.at(-1)).toBe('person node-02 admin: Cordoned a node')
  expect(reported.slice(1, -1).sort()).toEqual([
    expect.stringMatching(/^failed web-api\/1 node-0.: exited with code 3$/),
    expect.stringMatching(/^failed web-api\/2 node-0.: exited with code 3$/),
  ])
  // Only events of the deployment, not those of nodes.
  const own = await admin.history.marks({ from, to, deploymentId: id })
  expect(own.marks.map(({ kind }) => kind)).toEqual(['deploy', 'failed', 'failed'])
})

test('stepping from change to change covers the whole history in both directions', async () => {
  const { admin, id } = await someLife()
  const all = await cp.sql<{ at: Date }>(
    `select distinct at from (select changed_at as at from replica_status_history where old_status <> new_status
       union select changed_at from deployment_status_history
       union select at from audit_log where subject_type = 'deployment') h order by at`,
  )
  const moments = all.map(({ at }) => at.toISOString())
  expect(moments.length).toBeGreaterThan(3)
  const back: string[] = []
  for (let at = now(); ; ) {
    const { before } = await admin.history.near({ at, deploymentId: id, limit: 2 })
    if (before.length === 0) break
    back.unshift(...before)
    at = before[0] ?? ''
  }
  expect(back).toEqual(moments)
  const { before, after } = await admin.history.near({ at: moments[1] ?? '', deploymentId: id })
  expect([...before, moments[1], ...after]).toEqual(moments)
})

test('a change of the replica count by an update that changes nothing else is audited like any other', async () => {
  const { admin, id } = await someLife()
  await admin.deployment.update({ deployment_id: id, replicas: 5 })
  expect(await cp.sql(`select before, after from audit_log where action = 'deployment.scale'`)).toEqual([
    { before: { replicas: 2 }, after: { replicas: 5 } },
  ])
})
