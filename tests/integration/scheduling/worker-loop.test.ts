import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readDecision } from '@/server/store/decisions/decision-reads'
import { claimEvaluations, maxEvaluationAttempts } from '@/server/store/queue/evaluations'
import { FleetView } from '@/server/worker/fleet-cache'
import { runEvaluations } from '@/server/worker/loop'
import { RecordedRefusals } from '@/server/worker/recorded-refusals'
import { aDeployment, FakeAgent, type TestControlPlane, testControlPlane } from '@/testing/control-plane'

let cp: TestControlPlane
let stopping: AbortController
let loops: Promise<void>[]

beforeEach(async () => {
  cp = await testControlPlane()
  stopping = new AbortController()
  loops = []
})
afterEach(async () => {
  stopping.abort()
  await Promise.allSettled(loops)
  await cp.close()
})

const start = async (worker: string, options: { decideForMs?: number; pollAgainEveryMs?: number } = {}) => {
  const [row] = await cp.sql<{ epoch: string }>('select epoch from scheduler_leadership')
  const { store, log, clock, changes } = cp.services
  const fleet = new FleetView(store, changes)
  const refusals = new RecordedRefusals()
  const scheduling = { store, log, clock, worker, epoch: BigInt(row?.epoch ?? 0), fleet, refusals, ...options }
  loops.push(runEvaluations(scheduling, changes, stopping.signal).finally(() => fleet.close()))
}

const deploy = async (count: number, overrides: Record<string, unknown> = {}) => {
  const admin = await cp.as('admin')
  const accepted = await Promise.all(
    Array.from({ length: count }, (_, i) => admin.deployment.deploy(aDeployment({ name: `d-${i}`, ...overrides }))),
  )
  return accepted.map((one) => one.deployment_id)
}

const patient = { timeout: 15_000 }

const statuses = async () =>
  Object.fromEntries(
    (
      await cp.sql<{ status: string; count: number }>(
        'select status, count(*)::int as count from deployments group by status',
      )
    ).map((row) => [row.status, row.count]),
  )

test('evaluations that wait together are decided together and committed in one transaction', async () => {
  await new FakeAgent(cp).join({ name: 'node-01', cpuCores: 64, memoryMb: 65536, storageGb: 1000 })
  await deploy(20)
  await start('one')
  await expect.poll(statuses).toEqual({ scheduled: 20 })
  const commits = await cp.sql<{ xmin: string }>('select distinct xmin::text from decisions')
  expect(commits).toHaveLength(1)
  // Each decision saw what the batch had placed before it.
  const ids = await cp.sql<{ id: string }>('select id from decisions order by batch_order')
  const records = await Promise.all(ids.map(({ id }) => readDecision(cp.store, id)))
  const seen = records.map(({ fleet }) => ({ reserved: fleet.nodes[0]?.reserved.cpuMillis }))
  expect(seen.map((row) => row.reserved)).toEqual(Array.from({ length: 20 }, (_, i) => i * 1000))
})

test('evaluations that one commit has no time for are decided in the next ones', async () => {
  await new FakeAgent(cp).join({ name: 'node-01', cpuCores: 64, memoryMb: 65536, storageGb: 1000 })
  await deploy(5)
  await start('one', { decideForMs: 0 })
  await expect.poll(statuses).toEqual({ scheduled: 5 })
  expect(await cp.sql('select distinct xmin::text from decisions')).toHaveLength(5)
  // Each was claimed once, and no lease is left.
  expect(await cp.sql('select distinct status, attempts, leased_by from evaluations')).toEqual([
    { status: 'done', attempts: 1, leased_by: null },
  ])
})

test('an evaluation that always fails delays no other, and is dead after its last attempt', async () => {
  await new FakeAgent(cp).join({ name: 'node-01', cpuCores: 64, memoryMb: 65536, storageGb: 1000 })
  const [poison] = await deploy(6)
  await cp.sql('delete from deployment_resources where deployment_id = $1', [poison])
  await start('one')
  await expect.poll(statuses, patient).toEqual({ scheduled: 5, pending: 1 })
  for (;;) {
    await cp.makeDue()
    await cp.sql(`select pg_notify('fogdeck', '{"topic":"evaluation","ids":[]}')`)
    const [evaluation] = await cp.sql<{ status: string; attempts: number; error: string }>(
      'select status, attempts, error from evaluations where deployment_id = $1',
      [poison],
    )
    if (evaluation?.status === 'dead') {
      expect(evaluation).toMatchObject({ attempts: 8, error: expect.stringContaining('no resources') })
      break
    }
    await sleep(50)
  }
  await expect.poll(statuses, patient).toEqual({ scheduled: 5, failed: 1 })
})

test('an evaluation that crashes every scheduler is set aside, and no other suffers', async () => {
  await new FakeAgent(cp).join({ name: 'node-01', cpuCores: 64, memoryMb: 65536, storageGb: 1000 })
  const [poison, other] = await deploy(2)
  const dying = { epoch: cp.epoch, worker: 'dying' }
  expect(await claimEvaluations(cp.store, dying, { limit: 9, which: 'fresh' })).toHaveLength(2)
  for (let attempts = 1; attempts <= 8; attempts++) {
    // The scheduler dies and its leases expire. Of the evaluations that were begun before, the next one claims a single
    // one.
    await cp.sql(`update evaluations set lease_expires_at = now() - interval '1 second' where deployment_id = $1`, [
      poison,
    ])
    const claimed = await claimEvaluations(cp.store, dying, { limit: 1, which: 'retried' })
    expect(claimed.map((one) => [one.deploymentId, one.attempts])).toEqual([[poison, attempts + 1]])
  }
  await cp.sql('update scheduler_leadership set epoch = epoch + 1')
  await start('next')
  await expect.poll(statuses, patient).toEqual({ scheduled: 1, failed: 1 })
  expect(await cp.sql('select deployment_id, status, attempts, error from evaluations order by attempts')).toEqual([
    { deployment_id: other, status: 'done', attempts: 2, error: null },
    { deployment_id: poison, status: 'dead', attempts: 10, error: 'the scheduler ended while it worked on it' },
  ])
})

test('two schedulers at once place everything once', async () => {
  const names = Array.from({ length: 6 }, (_, i) => ({ name: `node-0${i + 1}`, cpuCores: 8, memoryMb: 16384 }))
  await new FakeAgent(cp).join(...names)
  await start('one')
  await start('two')
  const ids = await deploy(12, { replicas: 3 })
  await expect.poll(statuses, { timeout: 10_000 }).toEqual({ scheduled: 12 })
  const rows = await cp.sql<{ deployment_id: string; count: number }>(
    'select deployment_id, count(*)::int as count from deployment_replicas group by deployment_id',
  )
  expect(rows).toHaveLength(ids.length)
  expect(new Set(rows.map((row) => row.count))).toEqual(new Set([3]))
  expect(
    await cp.sql(`select 1 from nodes n where reserved_cpu_millis <>
      (select coalesce(sum(cpu_millis), 0) from deployment_replicas r where r.node_id = n.id and r.reserved)`),
  ).toEqual([])
})

test('a loop that stops releases its leases', async () => {
  await deploy(3)
  const [row] = await cp.sql<{ epoch: string }>('select epoch from scheduler_leadership')
  await cp.sql(
    `update evaluations set status = 'leased', leased_by = 'one', lease_epoch = (select epoch from scheduler_leadership),
       lease_expires_at = now() + interval '1 hour', attempts = 1`,
  )
  stopping.abort()
  const { store, log, clock, changes } = cp.services
  const fleet = new FleetView(store, changes)
  const scheduling = { store, log, clock, worker: 'one', epoch: BigInt(row?.epoch ?? 0), fleet }
  await runEvaluations(scheduling, changes, stopping.signal)
  fleet.close()
  expect(await cp.sql('select distinct status, leased_by, attempts from evaluations')).toEqual([
    { status: 'pending', leased_by: null, attempts: 0 },
  ])
})

test('a waiting evaluation may be refused any number of times, and is retried even if no notification of capacity arrives', async () => {
  const agent = await new FakeAgent(cp).join({ name: 'node-01', cpuCores: 4 })
  const admin = await cp.as('admin')
  const id = agent.id('node-01')
  const [waits = ''] = await deploy(1, { wait_for_capacity: true, resources: { cpu: 4, memory: 1024 } })
  await start('one', { pollAgainEveryMs: 20 })
  await expect.poll(statuses, patient).toEqual({ scheduled: 1 })
  const [large = ''] = await deploy(1, { name: 'large', wait_for_capacity: true, resources: { cpu: 2, memory: 1024 } })
  const work = () => cp.sql('select status, attempts, error from evaluations where deployment_id = $1', [large])
  await expect.poll(work, patient).toEqual([{ status: 'blocked', attempts: 0, error: null }])
  // More often than a failing evaluation may be claimed. Each time it is due until it was tried.
  for (let times = 0; times < maxEvaluationAttempts + 3; times++) {
    await admin.node.cordon({ id, cordoned: true })
    await admin.node.cordon({ id, cordoned: false })
    await expect.poll(work, patient).toEqual([{ status: 'blocked', attempts: 0, error: null }])
  }
  // A repeated refusal is not recorded again.
  expect(await cp.sql(`select 1 from decisions where deployment_id = $1`, [large])).toHaveLength(1)
  // Capacity is freed, and the notification is lost.
  await cp.sql(`update deployment_replicas set reserved = false, status = 'stopped' where deployment_id = $1`, [waits])
  await cp.sql(`update nodes set reserved_cpu_millis = 0, status = 'idle'`)
  await agent.heartbeat()
  await expect.poll(statuses, patient).toEqual({ scheduled: 2 })
})
