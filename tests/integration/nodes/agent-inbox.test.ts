import { afterEach, beforeEach, expect, test } from 'vitest'
import { aDeployment, FakeAgent, type TestControlPlane, testControlPlane } from '@/testing/control-plane'

let cp: TestControlPlane
beforeEach(async () => {
  cp = await testControlPlane()
})
afterEach(() => cp.close())

/** Agents of one node each. */
const agents = (count: number) =>
  Promise.all(Array.from({ length: count }, (_, i) => new FakeAgent(cp).join({ name: `node-${i}` })))

test('heartbeats of many agents share commits, and each node has its own usage', async () => {
  const all = await agents(60)
  await Promise.all(all.map((agent, i) => agent.heartbeat({ cpu: i, memory: i / 3 })))
  const nodes = await cp.sql<{ node_id: string; cpu: number; memory: number; commit: string }>(
    'select node_id, cpu_usage_percent as cpu, memory_usage_percent as memory, xmin::text as commit from nodes',
  )
  expect(new Set(nodes.map((node) => node.commit)).size).toBeLessThan(10)
  for (const { node_id, cpu, memory } of nodes) {
    const i = Number(node_id.slice('node-'.length))
    expect(cpu).toBe(i)
    // Usage is stored in tenths of a percent.
    expect(memory).toBe(Math.round((10 * i) / 3) / 10)
  }
})

test('each agent gets the news of its own nodes only, even when all share a commit', async () => {
  const [first, second] = await agents(2)
  if (!first || !second) throw new Error('there are two')
  const [one, other] = await Promise.all([first.heartbeat({ revision: '77' }), second.heartbeat({ revision: '0' })])
  expect(one.stale.map((state) => state.nodeId)).toEqual([first.id('node-0')])
  expect(other.stale).toEqual([])
})

test('a heartbeat for a node of another agent changes nothing, even next to a valid one', async () => {
  const [owner, stranger] = await agents(2)
  if (!owner || !stranger) throw new Error('there are two')
  stranger.nodes.set('node-0', owner.id('node-0'))
  await Promise.all([stranger.heartbeat({ cpu: 99 }), owner.heartbeat({ cpu: 11 }), stranger.heartbeat({ cpu: 99 })])
  const usage = await cp.sql('select node_id, cpu_usage_percent as cpu from nodes order by node_id')
  expect(usage).toEqual([
    { node_id: 'node-0', cpu: 11 },
    { node_id: 'node-1', cpu: 99 },
  ])
  stranger.nodes.delete('node-1')
  // This agent still has a node, so it may call and gets no news.
  expect(await stranger.heartbeat({ revision: '77' })).toEqual({
    stale: [],
    removed: [],
    returned: [],
    heartbeatSeconds: null,
  })
})

test('a credential without a node is told to join again', async () => {
  const [owner] = await agents(1)
  const unknown = new FakeAgent(cp)
  unknown.nodes.set('node-0', owner?.id('node-0') ?? '')
  await expect(unknown.heartbeat()).rejects.toThrow('join again')
})

test('a heartbeat that the database refuses does not affect others', async () => {
  const [broken, sound] = await agents(2)
  const beat = {
    nodeId: broken?.id('node-0') ?? '',
    cpuUsagePercent: 0,
    memoryUsagePercent: 0,
    engineError: 'no\0text',
    revision: '0',
    reportsWaiting: false,
  }
  const beats = await Promise.allSettled([
    // Bypasses the API, which repairs such a text.
    cp.services.inbox.heartbeat(broken ?? { credential: '', instance: '' }, [beat]),
    sound?.heartbeat({ cpu: 42 }),
  ])
  expect(beats.map((beat) => beat.status)).toEqual(['rejected', 'fulfilled'])
  expect(await cp.sql(`select cpu_usage_percent as cpu from nodes where node_id = 'node-1'`)).toEqual([{ cpu: 42 }])
})

test('reports of many agents share commits, and a deployment on all of them runs', async () => {
  const all = await agents(12)
  const admin = await cp.as('admin')
  const { deployment_id } = await admin.deployment.deploy(aDeployment({ replicas: 12 }))
  await cp.schedule()
  const wanted = (await Promise.all(all.map((agent) => agent.wanted()))).map((replicas) => replicas[0])
  await Promise.all(all.map((agent, i) => wanted[i] && agent.report(wanted[i], { status: 'running' })))
  const replicas = await cp.sql<{ status: string; commit: string }>(
    'select status, xmin::text as commit from deployment_replicas',
  )
  expect(replicas.map((replica) => replica.status)).toEqual(Array.from({ length: 12 }, () => 'running'))
  expect(new Set(replicas.map((replica) => replica.commit)).size).toBeLessThan(6)
  expect((await admin.deployment.status({ deployment_id })).status).toBe('running')
  expect(cp.logged.filter((line) => line.includes('scheduled -> running'))).toHaveLength(1)
})

test('a report on a replica of another agent is answered as unknown and changes nothing', async () => {
  const [owner, stranger] = await agents(2)
  if (!owner || !stranger) throw new Error('there are two')
  const admin = await cp.as('admin')
  await admin.deployment.deploy(aDeployment({ replicas: 2 }))
  await cp.schedule()
  const [replica] = await owner.wanted()
  if (!replica) throw new Error('each node has one')
  const answer = await stranger.report(replica, { status: 'failed', reason: 'a lie' })
  expect(answer.unknown).toEqual([replica.replicaId])
  expect(await cp.sql('select status from deployment_replicas where id = $1', [replica.replicaId])).toEqual([
    { status: 'pending' },
  ])
})

test('an agent cannot flood the history: messages of one step are one row, and excess reports wait', async () => {
  const [flooding, other] = await agents(2)
  if (!flooding || !other) throw new Error('there are two')
  const admin = await cp.as('admin')
  await admin.deployment.deploy(aDeployment({ replicas: 2 }))
  await cp.schedule()
  const [[replica], [others]] = await Promise.all([flooding.wanted(), other.wanted()])
  if (!replica || !others) throw new Error('each node has one')
  const startedAt = new Date().toISOString()
  const reasons = async () =>
    (
      await cp.sql<{ reason: string }>('select reason from replica_status_history where replica_id = $1 order by id', [
        replica.replicaId,
      ])
    ).map(({ reason }) => reason)
  const before = await reasons()

  await flooding.reportAll(
    Array.from({ length: 1_000 }, (_, i) => ({ replica, status: 'starting', reason: `Pulling: ${i} %`, startedAt })),
  )
  expect(await reasons()).toEqual([...before, 'Pulling: 0 %', 'Pulling: 999 %'])

  // Each of these reports claims to be another step.
  const steps = (count: number) =>
    Array.from({ length: count }, (_, i) => ({
      replica,
      status: 'running' as const,
      reason: `${i}`,
      startedAt,
      health: i % 2 === 0 ? ('healthy' as const) : ('unhealthy' as const),
    }))
  await flooding.reportAll(steps(5_000))
  const full = (await reasons()).length
  await expect(flooding.reportAll(steps(5_000))).rejects.toMatchObject({ code: 'TOO_MANY_REQUESTS' })
  await expect(flooding.report(replica, { reason: 'one more' })).rejects.toThrow('sent too many reports')
  expect(await reasons()).toHaveLength(full)
  await other.report(others, { reason: 'heard' })
  expect(await flooding.heartbeat()).toMatchObject({ removed: [] })
})
