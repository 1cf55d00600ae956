/** Logs of replicas through the control plane: a node learns that somebody reads, and its lines reach the readers. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { AgentNews } from '@/core/agents/protocol'
import { type LogLine, type LogSubscription, logLimits } from '@/core/logs/log'
import type { LogEvent } from '@/core/views/live'
import { pruneLogs } from '@/server/store/logs/inbox'
import { aDeployment, adminPassword, FakeAgent, type TestControlPlane, testControlPlane } from '@/testing/control-plane'

let cp: TestControlPlane
let agent: FakeAgent
beforeEach(async () => {
  cp = await testControlPlane()
  await expect.poll(() => cp.services.changes.connected()).toBe(true)
  agent = await new FakeAgent(cp).join({ name: 'node-01' }, { name: 'node-02' })
})
afterEach(() => cp.close())

interface Replica {
  nodeId: string
  replicaId: string
}

/** Deploys and returns the replicas as the agent knows them. */
async function deploy(name = 'web-api', replicas = 1): Promise<{ id: string; replicas: Replica[] }> {
  const { deployment_id: id } = await (await cp.as('admin')).deployment.deploy(aDeployment({ name, replicas }))
  await cp.schedule()
  await agent.obey()
  const wanted = await agent.wanted()
  return { id, replicas: wanted.filter((replica) => replica.deploymentId === id) }
}

const time = (second: number) => `2026-01-01T00:00:${String(second).padStart(2, '0')}.000000000Z`
const line = (second: number, text: string): LogLine => ({ at: time(second), stream: 'stdout', text })
const chunk = ({ nodeId, replicaId }: Replica, lines: LogLine[], more: { state?: 'following' | 'ended' } = {}) => ({
  nodeId,
  replicaId,
  lines,
  gap: false,
  state: null,
  message: '',
  ...more,
})

/** Reads a stream in the background. A direct call of a subscription yields [id, data, mark]. */
function listen<Data>(stream: AsyncIterable<unknown>) {
  const received: { id: string; data: Data }[] = []
  let failure: unknown = null
  const iterator = stream[Symbol.asyncIterator]()
  const reading = (async () => {
    for (;;) {
      const { done, value } = await iterator.next()
      if (done) return
      const [id, data] = value as [string, Data]
      received.push({ id, data })
    }
  })().catch((error) => {
    failure = error
  })
  return { received, reading, failure: () => failure, leave: () => void iterator.return?.() }
}

async function readers(id: string, replicas: Replica[], lastEventId?: string, username = 'admin') {
  const caller = await cp.as(username)
  const input = { id, replicas: replicas.map((each) => each.replicaId), lastEventId }
  const reader = listen<LogEvent>(await caller.deployment.logs(input))
  const events = () => reader.received.map(({ data }) => data)
  return {
    ...reader,
    texts: () => events().flatMap((event) => (event.kind === 'lines' ? event.lines.map((each) => each.text) : [])),
    states: () => events().flatMap((event) => (event.kind === 'state' ? [event.state] : [])),
    events,
  }
}

test('a reader is announced to the node at once with its position, and to a node that connects later', async () => {
  const { id, replicas } = await deploy()
  const [replica] = replicas as [Replica]
  const stream = listen<AgentNews>(await agent.watch('node-01', 'node-02'))
  const placementRules = (): LogSubscription[] =>
    stream.received.flatMap(({ data }) =>
      'logs' in data && data.logs.nodeId === replica.nodeId ? data.logs.replicas : [],
    )
  await expect.poll(() => stream.received.length).toBeGreaterThan(1)
  expect(placementRules()).toEqual([])
  const reader = await readers(id, replicas)
  await expect.poll(placementRules).toHaveLength(1)
  expect(placementRules()[0]).toMatchObject({ replicaId: replica.replicaId, since: null })
  expect(placementRules()[0]?.seconds).toBeGreaterThan(0)

  await agent.logs([chunk(replica, [line(1, 'one')])])
  const later = listen<AgentNews>(await agent.watch('node-01', 'node-02'))
  const subscription = () => later.received.flatMap(({ data }) => ('logs' in data ? data.logs.replicas : []))
  await expect.poll(subscription).toMatchObject([{ replicaId: replica.replicaId, since: time(1) }])
  for (const each of [stream, later, reader]) each.leave()
})

test('lines reach the reader, stored ones first, each once even when it was sent twice', async () => {
  const { id, replicas } = await deploy('merged', 2)
  const [first, second] = replicas as [Replica, Replica]
  const before = await agent.logs([chunk(first, [line(1, 'kept')])])
  expect(before.undesired).toEqual([first.replicaId])
  const reader = await readers(id, replicas)
  await expect.poll(reader.texts).toEqual(['kept'])
  const sent = [
    chunk(first, [line(1, 'kept'), line(2, 'new')], { state: 'following' }),
    chunk(second, [line(1, 'other')]),
  ]
  expect(await agent.logs(sent)).toEqual({ undesired: [] })
  await agent.logs(sent)
  await agent.logs([chunk(second, [line(3, 'last')])])
  await expect.poll(() => [...reader.texts()].sort()).toEqual(['kept', 'last', 'new', 'other'])
  await expect.poll(reader.states).toContain('following')

  // The second reader resumes where the first one stopped.
  const cursor = reader.received.at(-1)?.id
  reader.leave()
  const back = await readers(id, replicas, cursor)
  await agent.logs([chunk(first, [line(4, 'while away')])])
  await expect.poll(back.texts).toEqual(['while away'])
  back.leave()
})

test('an agent can send no lines for replicas of other nodes', async () => {
  const { id, replicas } = await deploy()
  const [replica] = replicas as [Replica]
  const stranger = await new FakeAgent(cp).join({ name: 'node-09' })
  const own = stranger.id('node-09')
  expect(await stranger.logs([chunk(replica, [line(1, 'forged')])])).toEqual({ undesired: [replica.replicaId] })
  await stranger.logs([chunk({ ...replica, nodeId: own }, [line(1, 'forged')])])
  await expect(new FakeAgent(cp).logs([chunk(replica, [line(1, 'forged')])])).rejects.toThrow(/credential/)
  await agent.logs([chunk(replica, [line(2, 'true')])])
  const reader = await readers(id, replicas)
  await expect.poll(reader.texts).toEqual(['true'])
  reader.leave()
})

test('only signed-in users can read, and only replicas of the deployment', async () => {
  const { id } = await deploy('one')
  const { replicas } = await deploy('two')
  const failed = await readers(id, replicas)
  await failed.reading
  expect(String(failed.failure())).toContain('This deployment has no replica')
  const input = { id, replicas: replicas.map((each) => each.replicaId) }
  const nobody = await cp.as(null)
  await expect(nobody.deployment.logs(input)).rejects.toThrow('Sign in first')
})

test('a reader who loses access gets nothing more', async () => {
  const { id, replicas } = await deploy()
  const [replica] = replicas as [Replica]
  await cp.user('eve', 'viewer')
  const reader = await readers(id, replicas, undefined, 'eve')
  await agent.logs([chunk(replica, [line(1, 'before')])])
  await expect.poll(reader.texts).toEqual(['before'])
  const admin = await cp.as('admin')
  await admin.user.setDisabled({ id: (await cp.actor('eve')).id, disabled: true })
  await reader.reading
  expect(reader.failure()).toBeNull()
})

test('the newest lines are kept up to a limit, and a slow reader sees that some are missing', async () => {
  const { id, replicas } = await deploy()
  const [replica] = replicas as [Replica]
  const long = 'x'.repeat(4_000)
  for (let second = 0; second < 40; second++)
    await agent.logs([
      chunk(replica, [
        line(second, `${second}a${long}`),
        { ...line(second, `${second}b${long}`), at: time(second).replace('0Z', '1Z') },
      ]),
    ])
  const [row] = await cp.sql<{ chunks: number; length: number }>(
    'select count(*)::int as chunks, sum(length)::int as length from replica_log_chunks',
  )
  expect(row?.chunks).toBe(40)
  for (let second = 40; second < 60; second++)
    await agent.logs([
      chunk(
        replica,
        Array.from({ length: 5 }, (_, i) => ({ ...line(second, long), at: time(second).replace('0Z', `${i}Z`) })),
      ),
    ])
  const [after] = await cp.sql<{ length: number }>('select sum(length)::int as length from replica_log_chunks')
  expect(after?.length).toBeLessThan(logLimits.keptLength * 1.35)
  expect(after?.length).toBeGreaterThan(logLimits.keptLength * 0.9)
  const reader = await readers(id, replicas)
  await expect.poll(() => reader.events().find((event) => event.kind === 'lines')).toMatchObject({ gap: true })
  reader.leave()
})

test('lines are unreadable in the database, and are deleted after their retention', async () => {
  const { replicas } = await deploy()
  const [replica] = replicas as [Replica]
  await agent.logs([chunk(replica, [line(1, 'password=hunter2')])])
  const rows = await cp.sql<{ sealed: Buffer }>('select sealed from replica_log_chunks')
  expect(rows).toHaveLength(1)
  expect(rows[0]?.sealed.toString('latin1')).not.toContain('hunter2')
  expect(cp.logged.join('\n')).not.toContain('hunter2')
  const prune = () => pruneLogs(cp.store, { epoch: cp.epoch, before: new Date(Date.now() - 7 * 86_400_000) })
  expect(await prune()).toBe(0)
  await cp.sql(`update replica_logs set updated_at = now() - interval '8 days'`)
  expect(await prune()).toBe(1)
  expect(await cp.sql('select 1 from replica_log_chunks')).toEqual([])
})

test('a call with too many lines is refused', async () => {
  const { replicas } = await deploy()
  const [replica] = replicas as [Replica]
  const tooMany = Array.from({ length: logLimits.chunksPerCall + 1 }, () => chunk(replica, [line(1, 'x')]))
  await expect(agent.logs(tooMany)).rejects.toThrow()
  // A single line that is too long is truncated, so that the others are not lost with it.
  await agent.logs([chunk(replica, [line(1, 'x'.repeat(logLimits.lineLength + 1))])])
  await expect(agent.logs([chunk(replica, [{ ...line(1, 'x'), at: 'yesterday' }])])).rejects.toThrow(/nine decimals/)
})

test('the newest lines can be read over REST, from nodes that send and from stored ones', async () => {
  const { id, replicas } = await deploy('program', 2)
  const [first, second] = replicas as [Replica, Replica]
  await agent.logs([chunk(first, [line(1, 'one'), line(3, 'three')]), chunk(second, [line(2, 'two')])])
  const { access_token: token } = (await (await cp.login('admin', adminPassword)).json()) as { access_token: string }
  const get = (query: string) =>
    cp.rest(`/deployment/logs/${id}${query}`, { headers: { authorization: `Bearer ${token}` } })
  const asked = get('?lines=3')
  await expect.poll(async () => (await cp.sql('select 1 from replica_logs where wanted_until > now()')).length).toBe(2)
  await agent.logs([chunk(first, [line(4, 'four')]), chunk(second, [], { state: 'following' })])
  const answer = await asked
  expect(answer.status).toBe(200)
  expect(await answer.json()).toMatchObject([
    { text: 'two', replica_id: second.replicaId, stream: 'stdout', at: time(2) },
    { text: 'three', replica_id: first.replicaId },
    { text: 'four', replica_id: first.replicaId },
  ])
  expect((await get('?lines=0')).status).toBe(422)
  expect((await cp.rest(`/deployment/logs/${id}`)).status).toBe(401)
})
