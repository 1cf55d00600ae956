/** A fixed host port can be held once per node, as placement, the database and foreign programs see it. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { claimEvaluations } from '@/server/store/queue/evaluations'
import { forgetOldConflicts } from '@/server/store/scheduling/host-ports'
import { checkRecords } from '@/server/worker/check-records'
import { evaluate, type Scheduling } from '@/server/worker/evaluate'
import { FleetView } from '@/server/worker/fleet-cache'
import { aDeployment, FakeAgent, type TestControlPlane, testControlPlane } from '@/testing/control-plane'

const ports = [{ container: 80, host: 8080 }]
const dockerMessage =
  'driver failed programming external connectivity on endpoint web (1c7a): Bind for 0.0.0.0:8080 failed: port is already allocated'

describe.each([
  ['looking at every node', 500],
  ['by the index', 1],
])('host ports, planned %s', (_, indexFrom) => {
  let cp: TestControlPlane
  let agent: FakeAgent
  let admin: Awaited<ReturnType<TestControlPlane['as']>>

  beforeEach(async () => {
    cp = await testControlPlane({ indexFrom })
    admin = await cp.as('admin')
    agent = await new FakeAgent(cp).join({ name: 'node-01' }, { name: 'node-02' }, { name: 'node-03' })
  })
  afterEach(async () => {
    // Checks that the record of every decision replays to the same result.
    const scheduling = { ...scheduler(), fleet: new FleetView(cp.store, cp.services.changes) }
    await checkRecords(scheduling, 1_000)
    scheduling.fleet.close()
    expect(
      await cp.sql('select replays_checked > 0 as some, replays_mismatched::int as wrong from scheduler_leadership'),
    ).toEqual([{ some: true, wrong: 0 }])
    await cp.close()
  })

  const scheduler = (): Omit<Scheduling, 'fleet'> => {
    const { store, log, clock } = cp.services
    return { store, log, clock, worker: 'another', epoch: cp.epoch }
  }
  const deploy = async (name: string, overrides: Record<string, unknown> = {}): Promise<string> =>
    (await admin.deployment.deploy(aDeployment({ name, ports, ...overrides }))).deployment_id
  const detail = (id: string) => admin.deployment.detail({ id })
  const running = async (name: string, overrides: Record<string, unknown> = {}): Promise<string> => {
    const id = await deploy(name, overrides)
    await cp.schedule()
    await agent.obey()
    expect((await detail(id)).status).toBe('running')
    return id
  }
  const nodesOf = async (id: string): Promise<string[]> =>
    (
      await cp.sql<{ node: string }>(
        `select n.node_id as node from deployment_replicas r join nodes n on n.id = r.node_id
         where r.deployment_id = $1 and r.wanted = 'run' and r.reserved order by r.slot`,
        [id],
      )
    ).map(({ node }) => node)
  const failuresOf = async (id: string): Promise<string[]> => {
    const [newest] = await admin.deployment.decisions({ id })
    const decision = await admin.decision.get({ id: newest?.id ?? '' })
    return decision.placement.refused.flatMap(({ some }) =>
      some.flatMap(({ failures }) => failures.map(({ message }) => message)),
    )
  }

  test('are spread over the nodes, never two on one, whatever the limit per node', async () => {
    const id = await running('web', { replicas: 3, max_per_node: 3 })
    expect((await nodesOf(id)).sort()).toEqual(['node-01', 'node-02', 'node-03'])
    const more = await deploy('more', { replicas: 1, max_per_node: 3 })
    await cp.schedule()
    expect(await detail(more)).toMatchObject({
      status: 'failed',
      reason: 'Insufficient nodes: need 1, found 0 with capacity',
    })
    expect((await failuresOf(more)).sort()).toEqual([
      'host port 8080 is taken by web on node-01',
      'host port 8080 is taken by web on node-02',
      'host port 8080 is taken by web on node-03',
    ])
  })

  test('are counted within a batch, by the preview, and in suggestions', async () => {
    const [one, two] = [await deploy('one', { replicas: 2 }), await deploy('two', { replicas: 1 })]
    const three = await deploy('three', { replicas: 1 })
    await cp.schedule()
    expect([...(await nodesOf(one)), ...(await nodesOf(two))].sort()).toEqual(['node-01', 'node-02', 'node-03'])
    expect((await detail(three)).status).toBe('failed')
    const { placement } = await admin.placement.preview({ replicas: 1, resources: { cpu: 1, memory: 1024 }, ports })
    expect(placement.refusal?.reasons).toEqual([
      { rule: 'host-ports', count: 3, nodeIds: ['node-01', 'node-02', 'node-03'] },
    ])
    expect(placement.refusal?.suggestions.map(({ message }) => message)).toEqual([
      'Use host port 8081 instead of 8080',
      'Let the engine pick a free host port instead of 8080',
    ])
    const other = [{ container: 80, host: 8081 }]
    const fits = await admin.placement.preview({ replicas: 3, resources: { cpu: 1, memory: 1024 }, ports: other })
    expect(fits.placement.refusal).toBeNull()
  })

  test('that are taken are waited for, and given as soon as their holder is gone', async () => {
    const holder = await running('holder', { replicas: 3 })
    const waits = await deploy('waits', { replicas: 3, wait_for_capacity: true })
    await cp.schedule()
    expect((await detail(waits)).status).toBe('pending')
    await admin.deployment.delete({ deployment_id: holder })
    // The containers are still there, so they hold their ports.
    await cp.schedule()
    expect(await nodesOf(waits)).toEqual([])
    await agent.obey()
    await cp.schedule()
    expect((await nodesOf(waits)).sort()).toEqual(['node-01', 'node-02', 'node-03'])
  })

  test('that were taken in the meantime are lost at the commit, and decided again', async () => {
    const holder = await running('holder', { ports: [] })
    const [held] = await nodesOf(holder)
    const { store, changes } = cp.services
    const fleet = new FleetView(store, changes, { indexFrom })
    await fleet.refresh(Date.now())
    const id = await deploy('web', { replicas: 2 })
    // Bypasses everything that keeps the fleet in memory.
    await cp.sql(
      `insert into host_port_reservations select node_id, 8080, id from deployment_replicas where deployment_id = $1`,
      [holder],
    )
    const scheduling = { ...scheduler(), fleet }
    // One of the two free nodes looks cordoned in memory, so the first decision chooses the node whose port is taken.
    const others = ['node-01', 'node-02', 'node-03'].filter((name) => name !== held)
    for (const name of others.slice(0, 1)) await admin.node.cordon({ id: agent.id(name), cordoned: true })
    await fleet.refresh(Date.now())
    await cp.sql('update nodes set cordoned = false')
    await evaluate(scheduling, await claimEvaluations(store, scheduling, { limit: 1, which: 'fresh' }))
    expect((await nodesOf(id)).sort()).toEqual(others)
    fleet.close()
  })

  test('that a foreign program holds are learnt from the failure, and another node is tried', async () => {
    const id = await deploy('web')
    await cp.schedule()
    const [first] = await nodesOf(id)
    await agent.fail(dockerMessage)
    cp.advance(5_000)
    await cp.makeDue()
    await cp.schedule()
    const [second] = await nodesOf(id)
    expect(second).not.toBe(first)
    await agent.fail(dockerMessage)
    cp.advance(5_000)
    await cp.makeDue()
    await cp.schedule()
    await agent.fail(dockerMessage)
    cp.advance(5_000)
    await cp.makeDue()
    await cp.schedule()
    // Three attempts failed, but the deployment fails because no node is left.
    expect(await detail(id)).toMatchObject({
      status: 'failed',
      reason: 'Insufficient nodes: need 1, found 0 with capacity',
    })
    for (const message of await failuresOf(id))
      expect(message).toMatch(/^host port 8080 is taken by another program on node-0[123] \(seen \d+ s ago\)$/)
    // A retry by a person says that the cause may be gone.
    await admin.deployment.retry({ deployment_id: id })
    await cp.schedule()
    expect(await nodesOf(id)).toHaveLength(1)
  })

  test('that a foreign program holds are tried again after a while', async () => {
    const id = await deploy('web', { replicas: 3, wait_for_capacity: true })
    await cp.schedule()
    await agent.fail(dockerMessage)
    cp.advance(60_000)
    await cp.makeDue()
    await cp.schedule()
    expect(await nodesOf(id)).toEqual([])
    expect(await forgetOldConflicts(cp.store, cp.epoch)).toBe(0)
    await cp.sql(`update host_port_conflicts set seen_at = seen_at - interval '11 minutes'`)
    expect(await forgetOldConflicts(cp.store, cp.epoch)).toBe(3)
    await cp.schedule()
    expect(await nodesOf(id)).toHaveLength(3)
  })

  test('that only the application mentions do not count as held by a foreign program', async () => {
    const id = await running('web')
    const [replica] = await agent.wanted()
    if (!replica) throw new Error('a replica was to be placed')
    const reason = 'exited with code 1: bind() to 0.0.0.0:8080 failed (98: Address already in use)'
    await agent.report(replica, { status: 'failed', reason, exitCode: 1, gone: true })
    expect(await cp.sql('select * from host_port_conflicts')).toEqual([])
    cp.advance(5_000)
    await cp.makeDue()
    await cp.schedule()
    expect(await nodesOf(id)).toHaveLength(1)
  })

  describe('in an update', () => {
    const update = (id: string, fields: object = {}) =>
      admin.deployment.update({ deployment_id: id, container_image: 'web:2', ...fields })
    const messages = async (id: string) =>
      (await admin.deployment.decisions({ id })).map(({ message }) => message).reverse()
    /** What each node holds according to the database. */
    const held = () =>
      cp.sql<{ node: string; revision: number; wanted: string }>(
        `select n.node_id as node, r.revision, r.wanted from host_port_reservations p
         join nodes n on n.id = p.node_id join deployment_replicas r on r.id = p.replica_id order by 1`,
      )
    const reserved = () => cp.sql('select node_id, reserved_cpu_millis as cpu, status from nodes order by node_id')
    const settle = async (): Promise<void> => {
      for (let idle = 0; idle < 2; ) {
        idle = (await cp.schedule()) === 0 ? idle + 1 : 0
        await agent.obey()
      }
    }

    test('on a full fleet make each old replica stop first, one at a time, and hand its port to the new one', async () => {
      const id = await running('web', { replicas: 3, resources: { cpu: 4, memory: 8192 } })
      expect(new Set((await reserved()).map((row) => JSON.stringify(row))).size).toBe(3)
      const before = await reserved()
      await update(id)
      await cp.schedule()
      // One commit stops the old replica and gives its reservation to the new one, so that no other can take it.
      const first = (await agent.wanted()).filter(({ slot }) => slot === 0)
      expect(first.map(({ wanted, image, nodeId }) => [wanted, image, nodeId === first[0]?.nodeId]).sort()).toEqual([
        ['run', 'web:2', true],
        ['stop', 'nginx:latest', true],
      ])
      expect((await held()).map(({ revision }) => revision).sort()).toEqual([1, 1, 2])
      expect(await reserved()).toEqual(before)
      // A new scheduler finds nothing to do before the agent has reported.
      expect(await cp.schedule({ worker: 'successor' })).toBe(0)
      await settle()
      expect(await detail(id)).toMatchObject({ status: 'running', runningReplicas: 3, revision: 2 })
      expect((await held()).map(({ revision, wanted }) => [revision, wanted])).toEqual(Array(3).fill([2, 'run']))
      expect(await reserved()).toEqual(before)
      const placed = (await messages(id)).slice(1)
      expect(placed).toHaveLength(3)
      for (const message of placed)
        expect(message).toMatch(/^Updating replica \d to revision 2, revision 1 stops first: Placed 1 on node-0\d$/)
      // Rolls back.
      await admin.deployment.rollback({ deployment_id: id, revision: 1 })
      await settle()
      expect(await detail(id)).toMatchObject({
        status: 'running',
        runningReplicas: 3,
        revision: 1,
        image: 'nginx:latest',
      })
    })

    test('with a spare node let nothing stop before its replacement works', async () => {
      const id = await running('web', { replicas: 2 })
      await update(id)
      for (let round = 0; round < 20; round++) {
        const now = await detail(id)
        if (now.status === 'running') break
        expect(now.runningReplicas).toBeGreaterThanOrEqual(2)
        await cp.schedule()
        await agent.obey()
      }
      expect(await detail(id)).toMatchObject({ status: 'running', revision: 2 })
      expect((await messages(id)).join()).not.toContain('stops first')
    })

    test('beyond what the node has are refused, and the old replicas keep running', async () => {
      const id = await running('web', { replicas: 3 })
      await update(id, { resources: { cpu: 8, memory: 1024 } })
      await cp.schedule()
      expect(await detail(id)).toMatchObject({
        status: 'failed',
        runningReplicas: 3,
        reason: 'Updating replica 1 to revision 2: Insufficient nodes: need 1, found 0 with capacity',
      })
    })

    test('with other sizes and ports hand over only what both revisions need', async () => {
      const id = await running('web', { replicas: 3, resources: { cpu: 2, memory: 4096 } })
      const more = [
        { container: 80, host: 8080 },
        { container: 443, host: 8443 },
      ]
      await update(id, { resources: { cpu: 3, memory: 1024 }, ports: more })
      await settle()
      expect(await detail(id)).toMatchObject({ status: 'running', runningReplicas: 3 })
      expect(await held()).toHaveLength(6)
      expect((await reserved()).map(({ cpu }: { cpu?: number }) => cpu)).toEqual([3000, 3000, 3000])
      await update(id, { ports: [], resources: { cpu: 1, memory: 1024 } })
      await settle()
      expect(await held()).toEqual([])
    })

    test('are free for the previous revision when the new one does not start', async () => {
      const id = await running('web', { replicas: 3 })
      await update(id, { container_image: 'web:bad' })
      for (let round = 0; round < 6; round++) {
        await cp.schedule()
        for (const replica of await agent.wanted())
          if (replica.wanted === 'stop')
            await agent.report(replica, { status: 'stopped', reason: 'Stopped', gone: true })
          else if (replica.image === 'web:bad')
            await agent.report(replica, { status: 'failed', reason: 'manifest unknown', gone: true, startedAt: null })
        await cp.makeDue()
        cp.advance(60_000)
      }
      expect(await detail(id)).toMatchObject({ status: 'failed', reason: 'Replica 1 failed 3 times: manifest unknown' })
      await admin.deployment.rollback({ deployment_id: id, revision: 1 })
      await settle()
      expect(await detail(id)).toMatchObject({ status: 'running', runningReplicas: 3 })
    })
  })

  test('of a replica that ended are waited for while its container still exists', async () => {
    const id = await running('web', { replicas: 3 })
    const [replica] = await agent.wanted()
    if (!replica) throw new Error('three replicas were to be placed')
    await agent.report(replica, { status: 'failed', reason: 'exited with code 1', exitCode: 1 })
    cp.advance(5_000)
    await cp.makeDue()
    await cp.schedule()
    expect(await detail(id)).toMatchObject({ status: 'pending' })
    await agent.report(replica, { status: 'failed', reason: 'exited with code 1', exitCode: 1, gone: true })
    await cp.schedule()
    expect(await nodesOf(id)).toHaveLength(3)
  })
})
