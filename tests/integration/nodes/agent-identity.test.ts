/** At any time one running agent speaks for a node, whoever else has its credential. */
import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type MachineFacts, unknownMachine } from '@/core/agents/identity'
import { aDeployment, FakeAgent, type TestControlPlane, testControlPlane } from '@/testing/control-plane'

let cp: TestControlPlane
let first: FakeAgent
beforeEach(async () => {
  cp = await testControlPlane()
  first = new FakeAgent(cp)
  first.machine = aMachine('pi-1')
  await first.join({ name: 'node-01' }, { name: 'node-02' })
})
afterEach(() => cp.close())

const aMachine = (hostName: string, overrides: Partial<MachineFacts> = {}): MachineFacts => ({
  ...unknownMachine,
  hostName,
  machineId: `id of ${hostName}`,
  bootId: `boot of ${hostName}`,
  processNamespace: 'pid:[1]',
  pid: 100,
  processStart: '5000',
  ...overrides,
})

/** Another process with the same credential, on a machine that reports `machine`. */
function copyOf(agent: FakeAgent, machine: MachineFacts): FakeAgent {
  const copy = new FakeAgent(cp, agent.credential)
  copy.machine = machine
  for (const [name, id] of agent.nodes) copy.nodes.set(name, id)
  return copy
}

const node = async () => (await cp.as('admin')).node.get({ id: first.id('node-01') })
const eventsOf = async (kind: string) => (await node()).events.filter((event) => event.kind === kind)

test('a second machine is refused on every call, and the first is not affected', async () => {
  const copy = copyOf(first, aMachine('pi-2'))
  const answer = await copy.claim({ machine: copy.machine })
  expect(answer).toMatchObject({ state: 'refused', here: false })
  expect('why' in answer && answer.why).toMatch(
    /^node-01 and 1 more belongs to another machine \(pi-1, last seen .+\), and this is pi-2: its data folder was copied\. If this is to be a node of its own, start it with an empty data folder and a join token; .+ let it on the page of node-01$/,
  )
  await (await cp.as('admin')).deployment.deploy(aDeployment())
  await cp.schedule()
  const [replica] = await first.wanted()
  if (!replica) throw new Error('nothing was placed')
  const chunk = { nodeId: replica.nodeId, replicaId: replica.replicaId, gap: false, state: null, message: '' }
  const calls = {
    heartbeat: () => copy.heartbeat(),
    report: () => copy.report(replica, { status: 'failed' }),
    logs: () => copy.logs([{ ...chunk, lines: [] }]),
    join: () => copy.join({ name: 'node-01' }),
    watch: () => copy.watch('node-01').then((stream) => stream[Symbol.asyncIterator]().next()),
  }
  for (const [name, call] of Object.entries(calls))
    await expect(call(), name).rejects.toMatchObject({
      code: 'PRECONDITION_FAILED',
      message: expect.stringContaining('does not speak for node-01 now'),
    })
  await first.obey()
  expect(await cp.sql('select status from deployment_replicas')).toEqual([{ status: 'running' }])
})

test('the events and the page of the node name a second machine once, however often it tries', async () => {
  const copy = copyOf(first, aMachine('pi-2'))
  for (let times = 0; times < 3; times += 1) await copy.claim()
  expect(await eventsOf('refused')).toMatchObject([
    {
      detail:
        "A second machine (pi-2 at 127.0.0.1) uses this node's credential and was refused: its data folder is a copy",
    },
  ])
  expect((await node()).secondSpeaker).toMatchObject({
    kind: 'machine',
    hostName: 'pi-2',
    address: '127.0.0.1',
    holder: 'pi-1',
    allowed: false,
    movable: true,
  })
  // Further attempts keep the time of the first one.
  const before = (await node()).secondSpeaker
  await cp.sql(`update agents set second_at = second_at - interval '10 minutes'`)
  await copy.claim()
  expect((await node()).secondSpeaker).toMatchObject({ since: before?.since })
  expect((await node()).secondSpeaker?.refusedAt).not.toBe(before?.since)
  expect(cp.logged.filter((line) => line.startsWith('Refused a second agent'))).toHaveLength(4)
})

test('of two copies that alternate each is named once, the second one a minute after the first', async () => {
  const copies = [copyOf(first, aMachine('pi-2')), copyOf(first, aMachine('pi-3'))]
  const named = async () => (await eventsOf('refused')).map(({ detail }) => /\((pi-\d)/.exec(detail)?.[1])
  const takeTurns = async () => {
    for (let turn = 0; turn < 2; turn += 1) for (const copy of copies) await copy.claim()
  }
  await takeTurns()
  expect(await named()).toEqual(['pi-2'])
  for (let minute = 0; minute < 2; minute += 1) {
    await cp.sql(
      `update agents set second = second || jsonb_build_object('namedAt', (second->>'namedAt')::timestamptz - interval '61 seconds')`,
    )
    await takeTurns()
    expect((await named()).sort()).toEqual(['pi-2', 'pi-3'])
  }
})

test('a restart takes over at once, and the previous process is refused from then on', async () => {
  const before = copyOf(first, first.machine)
  before.instance = first.instance
  first.instance = randomUUID()
  expect(await first.claim()).toEqual({
    state: 'look',
    holder: { instance: before.instance, pid: 100, processStart: '5000' },
  })
  expect(await first.claim({ found: { instance: before.instance, alive: false } })).toEqual({ state: 'granted' })
  await first.heartbeat()
  await expect(before.heartbeat()).rejects.toThrow('does not speak for node-01 now')
  // The previous process cannot take over again under its own instance name.
  expect(await before.claim()).toMatchObject({ state: 'look' })
  expect(await eventsOf('refused')).toEqual([])
})

test('of two processes on one machine the second has to exit', async () => {
  const copy = copyOf(first, aMachine('pi-1', { pid: 200 }))
  const alive = { found: { instance: first.instance, alive: true } }
  expect(await copy.claim(alive)).toMatchObject({
    state: 'refused',
    here: true,
    why: expect.stringContaining('another agent on this machine (process 100) speaks for node-01 and 1 more already'),
  })
  expect(await eventsOf('refused')).toMatchObject([{ detail: expect.stringContaining('process 200') }])
  expect((await node()).secondSpeaker).toMatchObject({ kind: 'process', pid: 200, movable: false })
  const admin = await cp.as('admin')
  const moving = admin.node.move({ id: first.id('node-01'), instance: copy.instance })
  await expect(moving).rejects.toThrow('Both agents run on one machine')
})

test('a rebooted machine continues once the lease of its previous run has expired', async () => {
  first.machine = aMachine('pi-1', { bootId: 'another boot' })
  first.instance = randomUUID()
  expect(await first.claim({ upSeconds: 5 })).toMatchObject({ state: 'wait' })
  await cp.sql(`update nodes set last_heartbeat = now() - interval '60 seconds'`)
  await cp.sql(`update agents set claimed_at = now() - interval '1 day'`)
  expect(await first.claim({ upSeconds: 40 })).toEqual({ state: 'granted' })
  expect(await eventsOf('refused')).toEqual([])
})

test('a person can let another machine take over, and the first one is refused from then on', async () => {
  const copy = copyOf(first, aMachine('pi-2'))
  await copy.claim()
  const stream = (await first.watch('node-01'))[Symbol.asyncIterator]()
  await stream.next()
  const admin = await cp.as('admin')
  const moving = { id: first.id('node-01'), instance: copy.instance }
  await expect((await cp.user('ann', 'operator')).node.move(moving)).rejects.toThrow('may not')
  await expect(admin.node.move({ ...moving, instance: randomUUID() })).rejects.toThrow('look again')
  await admin.node.move(moving)
  expect((await node()).secondSpeaker).toMatchObject({ hostName: 'pi-2', allowed: true })
  // The permission is for one machine and does not apply to another one.
  expect(await copyOf(first, aMachine('pi-3')).claim()).toMatchObject({ state: 'refused' })
  expect((await node()).secondSpeaker).toMatchObject({ hostName: 'pi-3', allowed: false })
  await first.heartbeat()
  const ended = expect(stream.next()).rejects.toThrow('does not speak for node-01 now')
  expect(await copy.claim()).toEqual({ state: 'granted' })
  await ended
  expect((await node()).secondSpeaker).toBeNull()
  await copy.heartbeat()
  await expect(first.heartbeat()).rejects.toThrow('does not speak for node-01 now')
  expect(await first.claim()).toMatchObject({ state: 'refused', here: false })
  expect((await node()).secondSpeaker).toMatchObject({ hostName: 'pi-1', holder: 'pi-2', allowed: false })
  expect(await eventsOf('moved')).toMatchObject([{ detail: 'Moved from pi-1 to pi-2', actor: 'admin' }])
})

test('nodes of an agent of an older version are claimed by the first process that starts', async () => {
  await cp.sql('delete from agents')
  await cp.sql('update nodes set agent_instance = null')
  await expect(first.heartbeat()).rejects.toThrow('claim it first')
  expect(await first.claim()).toEqual({ state: 'granted' })
  await first.heartbeat()
})

test('of two concurrent claims one is granted', async () => {
  await cp.sql('delete from agents')
  const copies = ['pi-2', 'pi-3', 'pi-4'].map((name) => copyOf(first, aMachine(name)))
  const answers = await Promise.all(copies.map((copy) => copy.claim()))
  expect(answers.map(({ state }) => state).sort()).toEqual(['granted', 'refused', 'refused'])
})
