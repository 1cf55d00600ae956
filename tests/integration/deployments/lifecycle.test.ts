import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { markUnreachableNodes } from '@/server/store/agents/heartbeats'
import { StaleLeaderError } from '@/server/store/leader/leadership'
import { sweepLostReplicas } from '@/server/store/node-loss/lost'
import { claimEvaluations } from '@/server/store/queue/evaluations'
import { evaluate } from '@/server/worker/evaluate'
import { FleetView } from '@/server/worker/fleet-cache'
import { aDeployment, FakeAgent, type TestControlPlane, testControlPlane } from '@/testing/control-plane'

let cp: TestControlPlane
let agent: FakeAgent

beforeEach(async () => {
  cp = await testControlPlane()
  agent = new FakeAgent(cp)
})
afterEach(() => cp.close())

const deploy = async (overrides: Record<string, unknown> = {}, context = {}) =>
  (await cp.as('admin', context)).deployment.deploy(aDeployment(overrides))

const detail = async (id: string) => (await cp.as('admin')).deployment.detail({ id })

const history = async (id: string) =>
  (
    await cp.sql<{ step: string }>(
      `select old_status || '>' || new_status as step from deployment_status_history where deployment_id = $1 order by seq`,
      [id],
    )
  ).map((row) => row.step)

const reserved = () =>
  cp.sql<{ node_id: string; cpu: number; memory: number }>(
    'select node_id, reserved_cpu_millis as cpu, reserved_memory_mb as memory from nodes where reserved_cpu_millis > 0 order by node_id',
  )

const threeNodes = () => agent.join({ name: 'node-01' }, { name: 'node-02' }, { name: 'node-03' })

describe('a deployment that fits', () => {
  test('goes none > pending > scheduled > running, with one history row each and the log lines of the contract', async () => {
    await threeNodes()
    const { deployment_id: id, status } = await deploy({
      replicas: 3,
      resources: { cpu: 2, memory: 2048, storage: 20 },
    })
    expect(status).toBe('pending')
    expect(await history(id)).toEqual(['none>pending'])
    await cp.schedule()
    expect(await history(id)).toEqual(['none>pending', 'pending>scheduled'])
    await agent.obey()
    expect(await history(id)).toEqual(['none>pending', 'pending>scheduled', 'scheduled>running'])
    const seen = await detail(id)
    expect(seen).toMatchObject({ status: 'running', health: 'healthy', runningReplicas: 3 })
    expect(new Set(seen.replicas.map((replica) => replica.node.nodeId)).size).toBe(3)
    const replicaIds = seen.replicas.map((replica) => replica.id)
    for (const line of [
      'Creating deployment: web-api (compute) for user admin',
      `Created deployment record ${id} for web-api with 3 replicas`,
      `Queued deployment ${id} for scheduling`,
      `Scheduling deployment ${id}: 3 replicas, 2.0 CPU, 2048 MB RAM`,
      'Found 3 nodes with capacity: >=2.0 CPU, >=2048 MB',
      'Selected 3 nodes for deployment: [node-01, node-02, node-03]',
      `Deployment ${id} status: pending -> scheduled (reason: Scheduled 3 replicas)`,
      `Deployment ${id} status: scheduled -> running (reason: All 3 replicas started)`,
      `Successfully scheduled deployment ${id} with 3 replicas`,
      ...replicaIds.map((replicaId) => `Replica ${replicaId} transitioned to RUNNING`),
    ])
      expect(cp.logged).toContain(line)
    expect(
      cp.logged.some((line) =>
        /^Node scoring complete\. Top 3: node-01=0\.\d\d, node-02=0\.\d\d, node-03=0\.\d\d$/.test(line),
      ),
    ).toBe(true)
    expect(cp.logged.some((line) => /^Created replica \S+ on node node-01 \(score: 0\.\d\d\)$/.test(line))).toBe(true)
  })

  test('is running only when every container was seen running', async () => {
    await threeNodes()
    const { deployment_id: id } = await deploy({ replicas: 2 })
    await cp.schedule()
    const [first, second] = await agent.wanted()
    if (!first || !second) throw new Error('two replicas were to be placed')
    await agent.report(first, { status: 'running' })
    await agent.report(second, { status: 'starting', reason: 'Pulling nginx:latest', startedAt: null })
    expect((await detail(id)).status).toBe('scheduled')
    await agent.report(second, { status: 'running' })
    expect((await detail(id)).status).toBe('running')
  })

  test('keeps a record that gives the verdict of every node', async () => {
    await threeNodes()
    const { deployment_id: id } = await deploy({ replicas: 2 })
    await cp.schedule()
    const admin = await cp.as('admin')
    const [summary] = await admin.deployment.decisions({ id })
    expect(summary).toMatchObject({
      outcome: 'placed',
      replicas: 2,
      chosenNodeIds: ['node-01', 'node-02'],
      trigger: 'deploy',
    })
    const decision = await admin.decision.get({ id: summary?.id ?? '' })
    expect(decision.placement.best.map(({ nodeId }) => nodeId)).toEqual(['node-01', 'node-02', 'node-03'])
    for (const verdict of decision.placement.best) {
      const sum = verdict.parts.reduce((total, part) => total + part.contribution, 0)
      expect(verdict.score).toBeCloseTo(sum, 12)
    }
  })
})

describe('a deployment that does not fit', () => {
  test('fails with the reason and node counts, and nothing is reserved', async () => {
    await threeNodes()
    const { deployment_id: id } = await deploy({ replicas: 10, resources: { cpu: 8, memory: 16384 } })
    await cp.schedule()
    const seen = await detail(id)
    expect(seen).toMatchObject({ status: 'failed', reason: 'Insufficient nodes: need 10, found 0 with capacity' })
    expect(await history(id)).toEqual(['none>pending', 'pending>failed'])
    expect(await reserved()).toEqual([])
    expect(cp.logged).toContain('Insufficient nodes: need 10, found 0 with capacity')
    expect(cp.logged).toContain(`Deployment ${id} scheduling failed: Insufficient capacity`)
    const decision = await (await cp.as('admin')).decision.get({ id: seen.latestDecisionId ?? '' })
    expect(decision.placement.refusal?.reasons.map((reason) => [reason.rule, reason.count])).toEqual(
      expect.arrayContaining([
        ['cpu', 3],
        ['memory', 3],
      ]),
    )
  })

  test('waits if asked to, and is placed when a node with enough capacity joins', async () => {
    await agent.join({ name: 'node-01' })
    const { deployment_id: id } = await deploy({ replicas: 2, wait_for_capacity: true })
    await cp.schedule()
    expect(await detail(id)).toMatchObject({
      status: 'pending',
      reason: 'Insufficient nodes: need 2, found 1 with capacity',
      waiting: { kind: 'capacity' },
    })
    expect(await cp.schedule()).toBe(0)
    const other = await new FakeAgent(cp).join({ name: 'node-02' })
    await cp.schedule()
    await agent.obey()
    await other.obey()
    expect((await detail(id)).status).toBe('running')
    expect(await history(id)).toEqual(['none>pending', 'pending>scheduled', 'scheduled>running'])
  })

  test('waits for a reservation that another deployment releases', async () => {
    await agent.join({ name: 'node-01', cpuCores: 1 })
    const first = await deploy()
    await cp.schedule()
    await agent.obey()
    const second = await deploy({ name: 'second', wait_for_capacity: true })
    await cp.schedule()
    expect((await detail(second.deployment_id)).status).toBe('pending')
    await (await cp.as('admin')).deployment.delete({ deployment_id: first.deployment_id })
    expect(await cp.schedule()).toBe(0)
    await agent.obey()
    await cp.schedule()
    expect((await detail(second.deployment_id)).status).toBe('scheduled')
  })
})

describe('capacity', () => {
  test('is what reservations leave free: the second deployment sees what the first one left', async () => {
    await agent.join({ name: 'node-01', cpuCores: 4, memoryMb: 4096 })
    const first = await deploy({ resources: { cpu: 3, memory: 1024 } })
    const second = await deploy({ name: 'second', resources: { cpu: 2, memory: 1024 } })
    await cp.schedule()
    expect((await detail(first.deployment_id)).status).toBe('scheduled')
    expect(await detail(second.deployment_id)).toMatchObject({
      status: 'failed',
      reason: 'Insufficient nodes: need 1, found 0 with capacity',
    })
    expect(await reserved()).toEqual([{ node_id: 'node-01', cpu: 3000, memory: 1024 }])
  })

  test('is never exceeded by two schedulers that decide at once', async () => {
    await agent.join({ name: 'node-01', cpuCores: 4 }, { name: 'node-02', cpuCores: 4 })
    const ids = await Promise.all(
      Array.from(
        { length: 12 },
        async (_, i) => (await deploy({ name: `burst-${i}`, resources: { cpu: 1.5, memory: 512 } })).deployment_id,
      ),
    )
    await Promise.all([
      cp.schedule({ worker: 'one' }),
      cp.schedule({ worker: 'two' }),
      cp.schedule({ worker: 'three' }),
    ])
    const statuses = await Promise.all(ids.map(async (id) => (await detail(id)).status))
    // Each node of 4 cores fits two replicas of 1.5 cores.
    expect(statuses.filter((status) => status === 'scheduled')).toHaveLength(4)
    expect(statuses.filter((status) => status === 'failed')).toHaveLength(8)
    expect(await reserved()).toEqual([
      { node_id: 'node-01', cpu: 3000, memory: 1024 },
      { node_id: 'node-02', cpu: 3000, memory: 1024 },
    ])
  })

  test('stays reserved until the container is known to be gone', async () => {
    await agent.join({ name: 'node-01' })
    const { deployment_id: id } = await deploy()
    await cp.schedule()
    await agent.obey()
    const deleted = await (await cp.as('admin')).deployment.delete({ deployment_id: id })
    expect(deleted).toMatchObject({
      success: true,
      status: 'deleted',
      replicas_stopped: 1,
      resources_released: { cpu_cores: 1, memory_mb: 1024 },
    })
    expect(await reserved()).toHaveLength(1)
    await agent.obey()
    expect(await reserved()).toEqual([])
    // Repeating a report changes nothing.
    await agent.obey()
    expect(await cp.sql('select 1 from nodes where reserved_cpu_millis <> 0 or reserved_memory_mb <> 0')).toEqual([])
  })

  test('of a cordoned node is not used until it is uncordoned', async () => {
    await agent.join({ name: 'node-01' })
    const admin = await cp.as('admin')
    await admin.node.cordon({ id: agent.id('node-01'), cordoned: true })
    const { deployment_id: id } = await deploy({ wait_for_capacity: true })
    await cp.schedule()
    const seen = await detail(id)
    expect(seen.status).toBe('pending')
    const decision = await admin.decision.get({ id: seen.latestDecisionId ?? '' })
    expect(decision.placement.refusal?.suggestions.map((one) => one.kind)).toContain('uncordon')
    await admin.node.cordon({ id: agent.id('node-01'), cordoned: false })
    await cp.schedule()
    expect((await detail(id)).status).toBe('scheduled')
  })
})

describe('failures', () => {
  test("an image that cannot be pulled is tried three times, and the deployment fails with the engine's message", async () => {
    await threeNodes()
    const { deployment_id: id } = await deploy({ container_image: 'nowhere/nothing:1' })
    const nodes = new Set<string>()
    for (let attempt = 1; attempt <= 3; attempt++) {
      await cp.schedule()
      for (const replica of await agent.wanted()) nodes.add(replica.nodeId)
      await agent.fail('manifest for nowhere/nothing:1 not found: manifest unknown')
      cp.advance(60_000)
      await cp.makeDue()
    }
    await cp.schedule()
    await cp.makeDue()
    await cp.schedule()
    const seen = await detail(id)
    expect(seen.status).toBe('failed')
    expect(seen.reason).toBe('Replica 1 failed 3 times: manifest for nowhere/nothing:1 not found: manifest unknown')
    expect(seen.replicas.map((replica) => replica.generation)).toEqual([3, 2, 1])
    expect(nodes.size).toBe(3)
    expect(await reserved()).toEqual([])
  })

  test('a second attempt waits for its back-off', async () => {
    await threeNodes()
    const { deployment_id: id } = await deploy()
    await cp.schedule()
    await agent.fail('exited with code 1', { started: true })
    expect(await detail(id)).toMatchObject({ status: 'pending', reason: 'Replica 1 is gone: exited with code 1' })
    // The replica ended just now, however slow the machine is.
    await cp.sql('update deployment_replicas set finished_at = now() where deployment_id = $1', [id])
    await cp.schedule()
    expect((await agent.wanted()).filter((replica) => replica.wanted === 'run')).toEqual([])
    expect(await detail(id)).toMatchObject({ status: 'pending', waiting: { kind: 'retry' } })
    cp.advance(2_000)
    await cp.makeDue()
    await cp.schedule()
    await agent.obey()
    expect((await detail(id)).status).toBe('running')
  })

  test('retrying a failed deployment starts a new count of attempts', async () => {
    await threeNodes()
    const { deployment_id: id } = await deploy()
    for (let attempt = 1; attempt <= 4; attempt++) {
      await cp.schedule()
      await agent.fail('no such file')
      cp.advance(60_000)
      await cp.makeDue()
    }
    await cp.schedule()
    expect((await detail(id)).status).toBe('failed')
    await (await cp.as('admin')).deployment.retry({ deployment_id: id })
    await cp.schedule()
    await agent.obey()
    expect((await detail(id)).status).toBe('running')
  })

  test('a replica on an offline node is replaced elsewhere, and stopped when the node returns', async () => {
    const other = await new FakeAgent(cp).join({ name: 'node-02' }, { name: 'node-03' })
    await agent.join({ name: 'node-01', cpuCores: 8, memoryMb: 16384 })
    const { deployment_id: id } = await deploy()
    await cp.schedule()
    await agent.obey()
    expect((await detail(id)).replicas[0]?.node.nodeId).toBe('node-01')
    await cp.sql(`update nodes set last_heartbeat = now() - interval '40 seconds' where node_id = 'node-01'`)
    expect((await markUnreachableNodes(cp.store, cp.epoch)).map((node) => node.nodeId)).toEqual(['node-01'])
    const sweep = await sweepLostReplicas(cp.store, { epoch: cp.epoch, earliestSeconds: 22 })
    expect(sweep.lost).toHaveLength(1)
    await cp.schedule()
    await other.obey()
    expect(await detail(id)).toMatchObject({ status: 'running', health: 'healthy' })
    // The reservation is held until the agent reports that the container is gone.
    expect(await reserved()).toHaveLength(2)
    const returned = await agent.wanted()
    expect(returned.map((replica) => [replica.generation, replica.wanted])).toEqual([[1, 'stop']])
    await agent.obey()
    expect((await reserved()).map((node) => node.node_id)).toEqual(['node-02'])
    expect((await detail(id)).replicas.map((replica) => [replica.generation, replica.status])).toEqual([
      [2, 'running'],
      [1, 'stopped'],
    ])
  })
})

describe('scaling', () => {
  test('up adds replicas, down stops the surplus, to 0 stops all', async () => {
    await threeNodes()
    const admin = await cp.as('admin')
    const { deployment_id: id } = await deploy({ replicas: 1 })
    await cp.schedule()
    await agent.obey()
    expect(await admin.deployment.scale({ deployment_id: id, replicas: 3 })).toMatchObject({
      success: true,
      status: 'pending',
      replicas: 3,
    })
    await cp.schedule()
    await agent.obey()
    expect(await detail(id)).toMatchObject({ status: 'running', runningReplicas: 3 })
    await admin.deployment.scale({ deployment_id: id, replicas: 1 })
    await cp.schedule()
    await agent.obey()
    expect(await detail(id)).toMatchObject({
      status: 'running',
      runningReplicas: 1,
      reason: 'Running as wanted: 1 replica',
    })
    await admin.deployment.scale({ deployment_id: id, replicas: 0 })
    await cp.schedule()
    await agent.obey()
    expect(await detail(id)).toMatchObject({ status: 'stopped', health: 'none', runningReplicas: 0 })
    expect(await reserved()).toEqual([])
    await admin.deployment.scale({ deployment_id: id, replicas: 2 })
    await cp.schedule()
    await agent.obey()
    expect(await detail(id)).toMatchObject({ status: 'running', runningReplicas: 2 })
  })

  test('beyond the capacity fails with the reason and leaves running replicas alone', async () => {
    await agent.join({ name: 'node-01' })
    const { deployment_id: id } = await deploy()
    await cp.schedule()
    await agent.obey()
    await (await cp.as('admin')).deployment.scale({ deployment_id: id, replicas: 3 })
    await cp.schedule()
    expect(await detail(id)).toMatchObject({ status: 'failed', health: 'degraded', runningReplicas: 1 })
    expect((await agent.wanted()).map((replica) => replica.wanted)).toEqual(['run'])
  })
})

describe('durability', () => {
  test('an evaluation whose scheduler died is completed once, by the next scheduler', async () => {
    await threeNodes()
    const { deployment_id: id } = await deploy({ replicas: 3 })
    expect(
      await claimEvaluations(cp.store, { epoch: cp.epoch, worker: 'dead' }, { limit: 16, which: 'fresh' }),
    ).toHaveLength(1)
    expect(await cp.schedule()).toBe(0)
    await cp.sql(`update evaluations set lease_expires_at = now() - interval '1 second' where leased_by = 'dead'`)
    expect(await cp.schedule()).toBe(1)
    expect(await cp.sql('select 1 from deployment_replicas where deployment_id = $1', [id])).toHaveLength(3)
  })

  test('a commit without its lease changes nothing', async () => {
    await threeNodes()
    const { deployment_id: id } = await deploy()
    const [evaluation] = await claimEvaluations(
      cp.store,
      { epoch: cp.epoch, worker: 'slow' },
      { limit: 1, which: 'fresh' },
    )
    if (!evaluation) throw new Error('an evaluation was to be claimed')
    await cp.sql(`update evaluations set lease_expires_at = now() - interval '1 second'`)
    await cp.schedule({ worker: 'quick' })
    const slow = {
      store: cp.store,
      log: cp.services.log,
      clock: cp.services.clock,
      worker: 'slow',
      epoch: 1n,
      fleet: new FleetView(cp.store, cp.services.changes),
    }
    await expect(evaluate(slow, [evaluation])).rejects.toThrow('lease')
    expect(await cp.sql('select 1 from deployment_replicas where deployment_id = $1', [id])).toHaveLength(1)
  })

  test('a leader whose term has ended cannot commit anything', async () => {
    await threeNodes()
    const { deployment_id: id } = await deploy()
    await cp.sql('update scheduler_leadership set epoch = epoch + 1')
    await expect(cp.schedule()).rejects.toThrow(StaleLeaderError)
    expect((await detail(id)).status).toBe('pending')
    expect(await reserved()).toEqual([])
  })

  test('an agent that restarts gets the same replicas', async () => {
    await threeNodes()
    await deploy({ replicas: 3 })
    await cp.schedule()
    const before = (await agent.wanted()).map((replica) => replica.replicaId).sort()
    await agent.join({ name: 'node-01' }, { name: 'node-02' }, { name: 'node-03' })
    expect((await agent.wanted()).map((replica) => replica.replicaId).sort()).toEqual(before)
    expect(before).toHaveLength(3)
  })

  test('an agent cannot speak for the nodes of another one', async () => {
    await agent.join({ name: 'node-01' })
    const { deployment_id: id } = await deploy()
    await cp.schedule()
    const [replica] = await agent.wanted()
    if (!replica) throw new Error('a replica was to be placed')
    const stranger = await new FakeAgent(cp).join({ name: 'node-02' })
    expect(await stranger.report(replica, { status: 'running' })).toEqual({ unknown: [replica.replicaId] })
    expect((await detail(id)).status).toBe('scheduled')
    await expect(new FakeAgent(cp).join({ name: 'node-01' })).rejects.toThrow('belongs to another agent')
  })

  test('environment secrets are sealed in the database and reach only the agent', async () => {
    await agent.join({ name: 'node-01' })
    const { deployment_id: id } = await deploy({ env: { API_KEY: 'hunter2-is-secret' } })
    await cp.schedule()
    expect((await agent.wanted())[0]?.env).toEqual({ API_KEY: 'hunter2-is-secret' })
    expect(JSON.stringify(await detail(id))).not.toContain('hunter2')
    expect((await detail(id)).envNames).toEqual(['API_KEY'])
    const [row] = await cp.sql<{ sealed: string }>(`select encode(env_sealed, 'escape') as sealed from deployments`)
    expect(row?.sealed).toBeTruthy()
    expect(row?.sealed).not.toContain('hunter2')
    expect(cp.logged.join('\n')).not.toContain('hunter2')
    expect(JSON.stringify(await cp.sql('select * from audit_log'))).not.toContain('hunter2')
  })
})
