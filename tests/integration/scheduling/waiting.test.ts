/** Deployments that wait for capacity continue once there is some, even when no notification says so. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { claimEvaluations } from '@/server/store/queue/evaluations'
import { checkRecords } from '@/server/worker/check-records'
import { evaluate, type Scheduling } from '@/server/worker/evaluate'
import { FleetView } from '@/server/worker/fleet-cache'
import { RecordedRefusals } from '@/server/worker/recorded-refusals'
import { Waiting } from '@/server/worker/retry-blocked'
import { aDeployment, FakeAgent, type TestControlPlane, testControlPlane } from '@/testing/control-plane'

let cp: TestControlPlane
let fleet: FleetView
let scheduling: Scheduling
let waiting: Waiting
let admin: Awaited<ReturnType<TestControlPlane['as']>>
let agent: FakeAgent
/** Uses an index, as large fleets do. */
beforeEach(async () => {
  cp = await testControlPlane({ indexFrom: 1 })
  const { store, log, clock, changes } = cp.services
  fleet = new FleetView(store, changes, { indexFrom: 1 })
  scheduling = { store, log, clock, worker: 'test', epoch: cp.epoch, fleet, pollAgainEveryMs: 0 }
  waiting = new Waiting(scheduling)
  admin = await cp.as('admin')
  agent = await new FakeAgent(cp).join({ name: 'node-01', cpuCores: 4 }, { name: 'node-02', cpuCores: 2 })
})
afterEach(async () => {
  fleet.close()
  await cp.close()
})

const cordon = (cordoned: boolean) => admin.node.cordon({ id: agent.id('node-01'), cordoned })

const deploy = async (name: string, overrides: Record<string, unknown> = {}): Promise<string> => {
  const large = { cpu: 3, memory: 1024 }
  const asked = aDeployment({ name, wait_for_capacity: true, resources: large, ...overrides })
  return (await admin.deployment.deploy(asked)).deployment_id
}

/** Adds capacity while the waiting work is being refused, so that nothing wakes it. */
async function makeCapacityUnnoticed(): Promise<void> {
  await cordon(false)
  await cp.sql(`update evaluations set status = 'blocked' where status = 'pending'`)
  fleet.invalidate()
}

const outcomes = async (id: string) =>
  (await cp.sql<{ outcome: string }>('select outcome from decisions where deployment_id = $1 order by id', [id])).map(
    ({ outcome }) => outcome,
  )

const statusOf = async (id: string) =>
  (await cp.sql<{ status: string }>('select status from evaluations where deployment_id = $1', [id]))[0]?.status

test('capacity that appears during a refusal is found', async () => {
  await cordon(true)
  const id = await deploy('late')
  expect(await cp.schedule()).toBe(1)
  await makeCapacityUnnoticed()
  await waiting.retryIfDue()
  expect(cp.logged).toContain('Capacity for what waited: 1 deployment tried again')
  expect(await cp.schedule()).toBe(1)
  expect(await outcomes(id)).toEqual(['refused', 'placed'])
})

test('an unsuccessful check changes nothing', async () => {
  const id = await deploy('large', { resources: { cpu: 16, memory: 1024 } })
  expect(await cp.schedule()).toBe(1)
  const before = await cp.sql('select * from evaluations')
  for (let calls = 0; calls < 3; calls++) await waiting.retryIfDue()
  expect(await cp.sql('select * from evaluations')).toEqual(before)
  expect(await outcomes(id)).toEqual(['refused'])
  expect(await cp.sql('select 1 from fleet_journal')).toHaveLength(1)
})

test('a deployment that cannot be checked does not delay others', async () => {
  await cordon(true)
  const broken = await deploy('broken')
  const id = await deploy('late')
  expect(await cp.schedule()).toBe(2)
  await cp.sql('delete from deployment_resources where deployment_id = $1', [broken])
  await makeCapacityUnnoticed()
  for (let calls = 0; calls < 4 && (await statusOf(id)) === 'blocked'; calls++) await waiting.retryIfDue()
  expect(await statusOf(id)).toBe('pending')
  expect(cp.logged.filter((line) => line === `Could not look again at deployment ${broken}`)).toHaveLength(1)
})

test('capacity goes by priority, not by the order of checks', async () => {
  await cordon(true)
  const [low, high] = [await deploy('low', { priority: 10 }), await deploy('high', { priority: 90 })]
  expect(await cp.schedule()).toBe(2)
  await makeCapacityUnnoticed()
  await waiting.retryIfDue()
  await cp.schedule()
  expect(await outcomes(high)).toEqual(['refused', 'placed'])
  expect(await outcomes(low)).toEqual(['refused', 'refused'])
})

test('a successful check takes no capacity from the next decision', async () => {
  await cordon(true)
  const tiny = await deploy('tiny', { replicas: 2, max_per_node: 2, resources: { cpu: 0.5, memory: 512 } })
  const id = await deploy('late')
  expect(await cp.schedule()).toBe(2)
  await makeCapacityUnnoticed()
  await waiting.retryIfDue()
  // This decision is made first and places nothing. What the check found capacity for is decided after it.
  await admin.deployment.scale({ deployment_id: tiny, replicas: 1 })
  const claimed = await claimEvaluations(cp.store, scheduling, { limit: 10, which: 'fresh' })
  expect(claimed.map(({ trigger }) => trigger).sort()).toEqual(['capacity', 'scale'])
  for (const trigger of ['scale', 'capacity'])
    await evaluate(
      scheduling,
      claimed.filter((one) => one.trigger === trigger),
    )
  expect(await outcomes(id)).toEqual(['refused', 'placed'])
  await checkRecords(scheduling, 100)
  expect(cp.logged.filter((line) => line.includes('mismatch'))).toEqual([])
})

test('a repeated refusal is recorded once a minute, one with news at once', async () => {
  scheduling = { ...scheduling, refusals: new RecordedRefusals() }
  const id = await deploy('two', { replicas: 3, resources: { cpu: 2, memory: 1024 } })
  expect(await cp.schedule(scheduling)).toBe(1)
  const again = async () => {
    await cp.sql(`update evaluations set status = 'pending', trigger = 'capacity' where status = 'blocked'`)
    expect(await cp.schedule(scheduling)).toBe(1)
    return (await outcomes(id)).length
  }
  expect([await again(), await again()]).toEqual([1, 1])
  expect(await statusOf(id)).toBe('blocked')
  await cordon(true)
  expect([await again(), await again()]).toEqual([2, 2])
  cp.advance(61_000)
  expect([await again(), await again()]).toEqual([3, 3])
  // A request by a person always gets its decision on record.
  await admin.deployment.scale({ deployment_id: id, replicas: 4 })
  expect(await cp.schedule(scheduling)).toBe(1)
  expect(await outcomes(id)).toEqual(Array(4).fill('refused'))
  await checkRecords(scheduling, 100)
  expect(cp.logged.filter((line) => line.includes('mismatch'))).toEqual([])
})
