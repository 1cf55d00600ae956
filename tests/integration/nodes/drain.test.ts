import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { markUnreachableNodes } from '@/server/store/agents/heartbeats'
import { aDeployment, FakeAgent, type TestControlPlane, testControlPlane } from '@/testing/control-plane'

let cp: TestControlPlane
let agent: FakeAgent

beforeEach(async () => {
  cp = await testControlPlane()
  agent = new FakeAgent(cp)
})
afterEach(() => cp.close())

const admin = () => cp.as('admin')
const detail = async (id: string) => (await admin()).deployment.detail({ id })
const node = async (name: string) => (await admin()).node.get({ id: agent.id(name) })
const drain = async (name: string, maintenance = false) =>
  (await admin()).node.drain({ id: agent.id(name), maintenance })
const progress = async (name: string) => (await admin()).node.drainProgress({ id: agent.id(name) })
const preview = async (...names: string[]) =>
  (await admin()).node.drainPreview({ ids: names.map((name) => agent.id(name)) })

const events = async (name: string) =>
  (await cp.sql<{ kind: string }>('select kind from node_events where node_id = $1 order by id', [agent.id(name)])).map(
    (row) => row.kind,
  )

async function deployed(overrides: Record<string, unknown> = {}): Promise<string> {
  const { deployment_id: id } = await (await admin()).deployment.deploy(aDeployment(overrides))
  await cp.schedule()
  await agent.obey()
  expect((await detail(id)).status).toBe('running')
  return id
}

/** Where the desired replicas of all deployments are. */
const places = async () => {
  const names = new Map([...agent.nodes].map(([name, id]) => [id, name]))
  return (await agent.wanted())
    .filter((replica) => replica.wanted === 'run')
    .map((replica) => names.get(replica.nodeId))
    .sort()
}

async function settle(): Promise<void> {
  for (let idle = 0, round = 0; idle < 2; round++) {
    if (round > 20) throw new Error('It does not come to rest')
    idle = (await cp.schedule()) === 0 ? idle + 1 : 0
    await agent.obey()
  }
}

describe('a drain', () => {
  test('moves every replica to the node that the preview named, each after its replacement runs', async () => {
    await agent.join({ name: 'node-01' })
    const first = await deployed({ name: 'first' })
    const second = await deployed({ name: 'second' })
    await agent.join({ name: 'node-01' }, { name: 'node-02' }, { name: 'node-03' })
    const { replicas } = await preview('node-01')
    expect(replicas.map(({ deploymentName, from }) => [deploymentName, from.nodeId])).toEqual([
      ['first', 'node-01'],
      ['second', 'node-01'],
    ])
    // The second replica takes the first one into account: they don't go to the same node.
    expect(replicas.map(({ to }) => to?.nodeId)).toEqual(['node-02', 'node-03'])

    expect(await drain('node-01')).toEqual({ replicas: 2 })
    await cp.schedule()
    expect(await places()).toEqual(['node-01', 'node-01', 'node-02', 'node-03'])
    expect((await progress('node-01')).map(({ state, text }) => [state, text])).toEqual([
      ['moving', 'Its replacement on node-02 is starting'],
      ['moving', 'Its replacement on node-03 is starting'],
    ])
    await settle()
    expect(await places()).toEqual(['node-02', 'node-03'])
    for (const id of [first, second]) {
      const seen = await detail(id)
      expect(seen).toMatchObject({ status: 'running', health: 'healthy', runningReplicas: 1 })
      // Nothing was interrupted, so the status never changed.
      expect((await (await admin()).deployment.timeline({ id })).deployment).toHaveLength(3)
    }
    expect(await node('node-01')).toMatchObject({ draining: true, ineligible: 'Drained: nothing is left on it' })
    expect(await progress('node-01')).toEqual([])
    expect(await events('node-01')).toEqual(['joined', 'joined', 'draining', 'drained'])
  })

  test('without enough capacity says so for each replica, keeps it running, and continues once there is capacity', async () => {
    await agent.join({ name: 'node-01' }, { name: 'node-02', cpuCores: 0.5 })
    const id = await deployed()
    expect((await preview('node-01')).replicas).toMatchObject([
      { to: null, problem: 'Insufficient nodes: need 1, found 0 with capacity' },
    ])
    await drain('node-01')
    await cp.schedule()
    const [blocked] = await progress('node-01')
    expect(blocked).toMatchObject({
      state: 'no-room',
      text: 'Moving replica 1 off node-01: Insufficient nodes: need 1, found 0 with capacity',
    })
    expect(blocked?.reasons.map(({ rule, nodeIds }) => [rule, nodeIds])).toEqual([
      ['draining', ['node-01']],
      ['cpu', ['node-02']],
    ])
    expect(await detail(id)).toMatchObject({ status: 'running', runningReplicas: 1 })
    expect(await places()).toEqual(['node-01'])

    await agent.join({ name: 'node-03' })
    await settle()
    expect(await places()).toEqual(['node-03'])
    expect(await progress('node-01')).toEqual([])
  })

  test('that is cancelled leaves unmoved replicas where they are, and withdraws a replacement that does not run yet', async () => {
    await agent.join({ name: 'node-01' }, { name: 'node-02' })
    const id = await deployed()
    await drain('node-01')
    await cp.schedule()
    await (await admin()).node.undrain({ id: agent.id('node-01') })
    await settle()
    expect(await places()).toEqual(['node-01'])
    expect(await node('node-01')).toMatchObject({ draining: false, ineligible: null })
    expect((await detail(id)).status).toBe('running')
  })

  test('keeps replicas of one deployment apart', async () => {
    await agent.join({ name: 'node-01' }, { name: 'node-02' }, { name: 'node-03' })
    await deployed({ replicas: 2 })
    expect(await places()).toEqual(['node-01', 'node-02'])
    await drain('node-01')
    await settle()
    expect(await places()).toEqual(['node-02', 'node-03'])
    await drain('node-02')
    await settle()
    // node-03 has a replica already, and node-01 is drained.
    expect(await places()).toEqual(['node-02', 'node-03'])
    expect((await progress('node-02')).map(({ state }) => state)).toEqual(['no-room'])
  })

  test('of a node with replicas of a failed deployment says that a person has to act', async () => {
    await agent.join({ name: 'node-01' }, { name: 'node-02' })
    const id = await deployed()
    await (await admin()).deployment.scale({ deployment_id: id, replicas: 9 })
    await cp.schedule()
    expect((await detail(id)).status).toBe('failed')
    expect((await preview('node-01')).replicas[0]?.problem).toMatch(/^web-api has failed: its replicas move once/)
    await drain('node-01')
    await cp.schedule()
    expect(await progress('node-01')).toMatchObject([{ state: 'held' }])
    await (await admin()).deployment.scale({ deployment_id: id, replicas: 1 })
    await settle()
    expect(await places()).toEqual(['node-02'])
  })

  test('retries a replacement that fails, and never fails the deployment', async () => {
    await agent.join({ name: 'node-01' }, { name: 'node-02' })
    const id = await deployed()
    await drain('node-01')
    for (let attempt = 0; attempt < 5; attempt++) {
      await cp.schedule()
      for (const replica of await agent.wanted())
        if (replica.generation > 1)
          await agent.report(replica, { status: 'failed', reason: 'no such image', gone: true, startedAt: null })
      expect(await detail(id)).toMatchObject({ status: 'running', runningReplicas: 1 })
      cp.advance(120_000)
      await cp.makeDue()
    }
    expect((await progress('node-01'))[0]?.text).toContain('on node-02 failed (no such image); it is tried again')
    await settle()
    expect(await places()).toEqual(['node-02'])
  })
})

test('a report without news creates no work for the scheduler', async () => {
  await agent.join({ name: 'node-01' })
  await deployed()
  await drain('node-01')
  await cp.schedule()
  await agent.obey()
  expect(await cp.schedule()).toBe(0)
  expect(await cp.sql('select 1 from decisions')).toHaveLength(2)
})

describe('a preview', () => {
  test('of several nodes counts free capacity only once', async () => {
    await agent.join({ name: 'node-01', cpuCores: 1 }, { name: 'node-02', cpuCores: 1 })
    await deployed({ name: 'first' })
    await deployed({ name: 'second' })
    await agent.join(
      { name: 'node-01', cpuCores: 1 },
      { name: 'node-02', cpuCores: 1 },
      { name: 'node-03', cpuCores: 1 },
    )
    const both = await preview('node-01', 'node-02')
    expect(both.replicas.map(({ to }) => to?.nodeId ?? null)).toEqual(['node-03', null])
    for (const one of ['node-01', 'node-02']) expect((await preview(one)).replicas[0]?.to?.nodeId).toBe('node-03')
    // A preview drains nothing.
    expect(await cp.sql('select 1 from nodes where draining')).toEqual([])
    expect(await places()).toEqual(['node-01', 'node-02'])
  })
})

describe('maintenance', () => {
  test('begins when no replica is left, survives heartbeats, and ends when a person ends it', async () => {
    await agent.join({ name: 'node-01' }, { name: 'node-02' })
    await deployed()
    await drain('node-01', true)
    expect((await node('node-01')).status).toBe('active')
    await settle()
    expect((await node('node-01')).status).toBe('maintenance')
    await agent.heartbeat()
    expect((await node('node-01')).status).toBe('maintenance')
    await cp.sql(`update nodes set last_heartbeat = now() - interval '1 hour' where node_id = 'node-01'`)
    expect(await markUnreachableNodes(cp.store, cp.epoch)).toEqual([])
    await agent.heartbeat()
    await (await admin()).node.undrain({ id: agent.id('node-01') })
    expect(await node('node-01')).toMatchObject({ status: 'idle', draining: false, ineligible: null })
    expect(await events('node-01')).toEqual(['joined', 'draining', 'maintenance', 'undrained'])
  })

  test('begins at once on an empty node', async () => {
    await agent.join({ name: 'node-01' })
    await drain('node-01', true)
    expect((await node('node-01')).status).toBe('maintenance')
  })
})

describe('removal', () => {
  const remove = async (name: string, lostName: string | null = null) =>
    (await admin()).node.remove({ id: agent.id(name), lost_name: lostName })

  test('is refused while the node holds a replica, and possible once it is drained', async () => {
    await agent.join({ name: 'node-01' }, { name: 'node-02' })
    const id = await deployed()
    await expect(remove('node-01', 'node-01')).rejects.toThrow('node-01 still holds 1 replica: drain it first')
    await drain('node-01')
    await settle()
    await remove('node-01')
    expect((await (await admin()).node.list()).map(({ nodeId }) => nodeId)).toEqual(['node-02'])
    // The node keeps its history and its page.
    expect(await node('node-01')).toMatchObject({ nodeId: 'node-01', ineligible: expect.stringMatching(/^Removed/) })
    expect((await detail(id)).replicas.map((replica) => replica.node.nodeId)).toEqual(['node-02', 'node-01'])
    expect(await (await admin()).decision.get({ id: (await detail(id)).replicas[1]?.decisionId ?? '' })).toBeDefined()
  })

  test('voids the credential, tells the agent, and frees the name', async () => {
    await agent.join({ name: 'node-01' })
    await remove('node-01')
    const refused = 'node-01 was removed from the fleet, and this credential is void: to bring the machine back'
    await expect(agent.join({ name: 'node-01' })).rejects.toThrow(refused)
    const other = await new FakeAgent(cp).join({ name: 'node-01' })
    expect(other.id('node-01')).not.toBe(agent.id('node-01'))
    const { deployment_id: id } = await (await admin()).deployment.deploy(aDeployment())
    await cp.schedule()
    await other.obey()
    expect((await detail(id)).status).toBe('running')
  })

  test('is announced only to its agent, node by node, and final reports on its containers are accepted', async () => {
    await agent.join({ name: 'node-01' }, { name: 'node-02' })
    await cp.sql(`update nodes set cordoned = node_id = 'node-02'`)
    await deployed()
    const [held] = await agent.wanted()
    await cp.sql(`update nodes set last_heartbeat = now() - interval '1 minute' where node_id = 'node-01'`)
    await markUnreachableNodes(cp.store, cp.epoch)
    await remove('node-01', 'node-01')
    expect((await agent.heartbeat()).removed).toEqual([agent.id('node-01')])
    await remove('node-02')
    expect((await agent.heartbeat()).removed.sort()).toEqual([...agent.nodes.values()].sort())
    const end = { status: 'stopped', reason: 'Stopped with code 0', gone: true, startedAt: null } as const
    expect(await agent.report(held ?? expect.fail(), end)).toEqual({ unknown: [held?.replicaId] })

    const stranger = new FakeAgent(cp)
    for (const [name, id] of agent.nodes) stranger.nodes.set(name, id)
    await expect(stranger.heartbeat()).rejects.toThrow('No node belongs to this credential: join again')
    await expect(stranger.report(held ?? expect.fail(), end)).rejects.toThrow('No node belongs to this credential')
  })

  test('of an offline node needs its name typed, and then replaces its replicas elsewhere', async () => {
    const other = await new FakeAgent(cp).join({ name: 'node-02', cpuCores: 1 })
    await agent.join({ name: 'node-01', cpuCores: 8 })
    const id = await deployed()
    await cp.sql(`update nodes set last_heartbeat = now() - interval '1 minute' where node_id = 'node-01'`)
    await markUnreachableNodes(cp.store, cp.epoch)
    await expect(remove('node-01')).rejects.toThrow('Type its name')
    await expect(remove('node-01', 'node-1')).rejects.toThrow('Type its name')
    expect(await remove('node-01', 'node-01')).toEqual({ lost: 1 })
    expect(await detail(id)).toMatchObject({ status: 'pending', reason: 'Replica 1 is gone: Node node-01 was removed' })
    await cp.schedule()
    await other.obey()
    expect((await detail(id)).status).toBe('running')
    expect(await cp.sql('select 1 from nodes where removed_at is not null and reserved_cpu_millis > 0')).toEqual([])
  })

  test('is for administrators only, and drains are for operators, too', async () => {
    await agent.join({ name: 'node-01' })
    const operator = await cp.user('operator', 'operator')
    const viewer = await cp.user('viewer', 'viewer')
    const id = agent.id('node-01')
    await expect(operator.node.remove({ id })).rejects.toThrow('may not do this')
    await expect(viewer.node.drain({ id })).rejects.toThrow('may not do this')
    expect(await operator.node.drain({ id })).toEqual({ replicas: 0 })
    expect(await viewer.node.drainPreview({ ids: [id] })).toMatchObject({ replicas: [] })
  })
})
