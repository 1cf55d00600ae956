import { afterAll, beforeAll, expect, test } from 'vitest'
import { aDeployment, FakeAgent, type TestControlPlane, testControlPlane } from '@/testing/control-plane'

let cp: TestControlPlane
let admin: Awaited<ReturnType<TestControlPlane['as']>>
let agent: FakeAgent

beforeAll(async () => {
  cp = await testControlPlane()
  admin = await cp.as('admin')
  agent = await new FakeAgent(cp).join(
    { name: 'east-1', region: 'us-east', cpuCores: 4, memoryMb: 8192 },
    { name: 'east-2', region: 'us-east', cpuCores: 12, memoryMb: 8192, gpuUnits: 2 },
    { name: 'west-1', region: 'eu-west', cpuCores: 4, memoryMb: 4096 },
  )
})
afterAll(() => cp.close())

const deploy = async (overrides: Record<string, unknown>) =>
  (await admin.deployment.deploy(aDeployment(overrides))).deployment_id

test('the overview sums reserved and used capacity by region', async () => {
  await agent.heartbeat({ cpu: 50, memory: 25 })
  await deploy({ name: 'near', region: 'eu-west', resources: { cpu: 2, memory: 1024, gpu: 0, storage: 10 } })
  await cp.schedule()
  await agent.obey()
  const { regions, ...rest } = await admin.overview.get()
  expect(regions).toEqual([
    expect.objectContaining({
      region: 'eu-west',
      nodes: 1,
      offline: 0,
      cpuMillis: 4000,
      reservedCpuMillis: 2000,
      reservedMemoryMb: 1024,
    }),
    expect.objectContaining({ region: 'us-east', nodes: 2, cpuMillis: 16_000, reservedCpuMillis: 0, gpus: 2 }),
  ])
  expect(rest).toMatchObject({ deployments: 1, running: 1, replicas: { running: 1, wanted: 1 } })
  expect(rest).toMatchObject({
    failed: { count: 0 },
    unplaced: { count: 0 },
    offline: { count: 0 },
    dead: 0,
    broken: { count: 0 },
  })
})

test('usage of a node is weighted by its size', async () => {
  await cp.sql(
    `update nodes set cpu_usage_percent = case node_id when 'east-1' then 100 else 20 end where region = 'us-east'`,
  )
  const { regions } = await admin.overview.get()
  // (4 × 100 + 12 × 20) / 16
  expect(regions.find(({ region }) => region === 'us-east')?.cpuUsagePercent).toBeCloseTo(40)
})

test('a deployment whose health check fails is named until it is healthy again', async () => {
  const id = await deploy({ name: 'unwell', replicas: 2, max_per_node: 2, resources: { cpu: 0.5, memory: 512 } })
  await cp.schedule()
  await agent.obey()
  const [replica] = (await cp.sql<{ id: string; node: string }>(
    'select id, node_id as node from deployment_replicas where deployment_id = $1',
    [id],
  )) as [{ id: string; node: string }]
  const report = (health: 'healthy' | 'unhealthy') =>
    agent.report({ replicaId: replica.id, nodeId: replica.node }, { status: 'running', health })
  await report('unhealthy')
  expect((await admin.overview.get()).unhealthy).toEqual({
    count: 1,
    newest: [{ id, name: 'unwell', reason: '1 of 2 replicas fails the health check', since: null }],
  })
  await report('healthy')
  expect((await admin.overview.get()).unhealthy).toEqual({ count: 0, newest: [] })
  await admin.deployment.delete({ deployment_id: id })
  await agent.obey()
})

test('problems are counted, and the newest are named', async () => {
  const failed = await deploy({ name: 'too-big', resources: { cpu: 16, memory: 16_384, gpu: 0, storage: 10 } })
  const waits = await deploy({
    name: 'patient',
    replicas: 2,
    resources: { cpu: 16, memory: 16_384, gpu: 0, storage: 10 },
    wait_for_capacity: true,
  })
  await cp.schedule()
  await cp.sql(
    `update nodes set status = 'offline', last_heartbeat = now() - interval '1 minute' where node_id = 'west-1'`,
  )
  await cp.sql(`update evaluations set status = 'dead' where deployment_id = $1`, [failed])
  await cp.sql(`update nodes set engine_error = 'connect ENOENT' where node_id = 'east-1'`)
  const overview = await admin.overview.get()
  expect(overview.failed).toMatchObject({ count: 1, newest: [{ id: failed, name: 'too-big' }] })
  expect(overview.failed.newest[0]?.reason).toContain('Insufficient nodes: need 1, found 0 with capacity')
  expect(overview.dead).toBe(1)
  expect(overview.unplaced).toMatchObject({ count: 1, replicas: 2, newest: [{ id: waits, name: 'patient' }] })
  expect(overview.unhealthy).toMatchObject({ count: 0, newest: [] })
  expect(overview.offline).toMatchObject({ count: 1, newest: [{ nodeId: 'west-1', replicas: 1, reason: null }] })
  expect(overview.broken).toMatchObject({ count: 1, newest: [{ nodeId: 'east-1', reason: 'connect ENOENT' }] })
  // The usage of an offline region is unknown.
  expect(overview.regions.find(({ region }) => region === 'eu-west')).toMatchObject({
    offline: 1,
    cpuUsagePercent: null,
  })
})

test('events of all kinds form one list, which can be paged to its beginning', async () => {
  const seen: string[] = []
  let from: string | undefined
  for (let page = 0; page < 50; page++) {
    const { events, next } = await admin.event.page({ limit: 3, ...(from && { from }) })
    seen.push(...events.map((event) => event.id))
    if (next === null) break
    from = next
  }
  const { events: all } = await admin.event.page({ limit: 200 })
  expect(seen.length).toBeGreaterThan(10)
  expect([...seen].sort()).toEqual(all.map((event) => event.id).sort())
  expect(new Set(all.map((event) => event.kind))).toEqual(new Set(['deployment', 'replica', 'node', 'person']))
})

test('events can be filtered by kind, target, actor and time', async () => {
  const about = await admin.event.page({ subject: 'patient' })
  expect(about.events.length).toBeGreaterThan(0)
  expect(about.events.every((event) => event.subject.name.includes('patient'))).toBe(true)
  const nodes = await admin.event.page({ kinds: ['node'] })
  expect(nodes.events.map((event) => event.action)).toContain('joined')
  const byScheduler = await admin.event.page({ actor: 'scheduler', kinds: ['deployment'] })
  expect(byScheduler.events.length).toBeGreaterThan(0)
  expect(byScheduler.events.every((event) => event.actor === 'scheduler')).toBe(true)
  expect((await admin.event.page({ before: '2020-01-01T00:00:00Z' })).events).toEqual([])
})

test('actions of people are shown only to those who manage users', async () => {
  const viewer = await cp.user('looker', 'viewer')
  const { events } = await viewer.event.page({ limit: 200 })
  expect(events.length).toBeGreaterThan(0)
  expect(events.filter((event) => event.kind === 'person')).toEqual([])
  expect((await viewer.event.page({ kinds: ['person'] })).events).toEqual([])
})

test('an invalid cursor is refused by name', async () => {
  await expect(admin.event.page({ from: 'nowhere' })).rejects.toThrow(/no place in the events/)
})

test('an action on a deployment or a node is one event, although the audit log and the history both have it', async () => {
  const id = await deploy({ name: 'told-once' })
  await admin.deployment.scale({ deployment_id: id, replicas: 0 })
  const node = (await cp.sql<{ id: string }>(`select id from nodes where node_id = 'east-1'`))[0]?.id ?? ''
  await admin.node.cordon({ id: node, cordoned: true })
  await admin.node.cordon({ id: node, cordoned: false })
  const by = async (filter: object) =>
    (await admin.event.page({ limit: 200, actor: 'admin', ...filter })).events.map(
      ({ kind, action }) => `${kind} ${action}`,
    )
  expect(await by({ subject: 'told-once' })).toEqual(['person deployment.scale', 'person deployment.create'])
  expect((await by({ subject: 'east-1' })).slice(0, 2)).toEqual(['person node.uncordon', 'person node.cordon'])
  // With a filter for the history alone, the event is still found.
  expect(await by({ subject: 'east-1', kinds: ['node'] })).toEqual(['node uncordoned', 'node cordoned'])
  expect(await by({ subject: 'told-once', kinds: ['deployment'] })).toHaveLength(1)
})
