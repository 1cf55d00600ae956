import { afterEach, beforeEach, expect, test } from 'vitest'
import { replay } from '@/core/scheduler/replay'
import { readDecision } from '@/server/store/decisions/decision-reads'
import { pruneRecords } from '@/server/store/leader/retention'
import { checkRecords } from '@/server/worker/check-records'
import { aDeployment, FakeAgent, type TestControlPlane, testControlPlane } from '@/testing/control-plane'

let cp: TestControlPlane
beforeEach(async () => {
  cp = await testControlPlane()
})
afterEach(() => cp.close())

const decisions = async () => {
  const rows = await cp.sql<{ id: string }>('select id from decisions order by created_at, batch_order')
  return Promise.all(rows.map(({ id }) => readDecision(cp.store, id)))
}

/** Gives a fleet some history: deployments that come and go, heartbeats, a cordon, a node that joins late. */
async function someHistory() {
  const agent = await new FakeAgent(cp).join(
    { name: 'node-01', cpuCores: 16, memoryMb: 32768 },
    { name: 'node-02', cpuCores: 8, memoryMb: 16384, region: 'eu-west' },
    { name: 'node-03', cpuCores: 8, memoryMb: 16384, gpuUnits: 2 },
  )
  const admin = await cp.as('admin')
  for (let round = 0; round < 12; round++) {
    await agent.heartbeat({ cpu: (round * 37) % 100, memory: (round * 23) % 90 })
    const batch = await Promise.all(
      Array.from({ length: 1 + (round % 3) }, (_, i) =>
        admin.deployment.deploy(
          aDeployment({
            name: `d-${round}-${i}`,
            replicas: 1 + (i % 2),
            region: round % 2 ? 'eu-west' : undefined,
            resources: { cpu: 0.5 + i, memory: 512 },
          }),
        ),
      ),
    )
    await cp.schedule()
    if (round % 2) await agent.obey()
    if (round === 4) await admin.node.cordon({ id: agent.id('node-02'), cordoned: true })
    if (round === 6) await new FakeAgent(cp).join({ name: 'node-04', cpuCores: 16, memoryMb: 32768 })
    if (round % 3 === 2) await admin.deployment.delete({ deployment_id: batch[0]?.deployment_id ?? '' })
  }
}

test.each([
  ['by looking at every node', undefined],
  ['by the index', 0],
])(
  'every decision (%s) is replayed from its record to the placement that was made, long after the fleet changed',
  async (_, indexFrom) => {
    if (indexFrom !== undefined) {
      await cp.close()
      cp = await testControlPlane({ indexFrom })
    }
    await someHistory()
    const records = await decisions()
    expect(records.length).toBeGreaterThan(20)
    expect(new Set(records.map((record) => record.outcome))).toEqual(new Set(['placed', 'refused']))
    for (const record of records) {
      const placement = replay(record)
      expect(placement.chosen).toEqual(record.chosen)
      expect(placement.refusal?.message ?? record.message).toBe(record.message)
      expect(placement.verdicts).toHaveLength(record.fleet.nodes.length)
    }
    expect(records[0]?.fleet.nodes.map((node) => node.nodeId)).toEqual(['node-01', 'node-02', 'node-03'])
    expect(records.at(-1)?.fleet.nodes.map((node) => node.nodeId)).toContain('node-04')
    // The journal is small: one snapshot, then differences.
    const kinds = await cp.sql<{ kind: string; count: number }>(
      'select kind, count(*)::int as count from fleet_journal group by kind order by kind',
    )
    expect(kinds).toEqual([
      { kind: 'delta', count: expect.any(Number) },
      { kind: 'snapshot', count: 1 },
    ])
  },
)

test('a record that was tampered with is found by the check, and counted', async () => {
  await someHistory()
  const [row] = await cp.sql<{ epoch: string }>('select epoch from scheduler_leadership')
  const term = { store: cp.store, log: cp.services.log, epoch: BigInt(row?.epoch ?? 0) }
  const counted = async () =>
    (
      await cp.sql<{ checked: number; mismatched: number }>(
        'select replays_checked::int as checked, replays_mismatched::int as mismatched from scheduler_leadership',
      )
    )[0]
  await checkRecords(term, 100)
  expect(await counted()).toMatchObject({ mismatched: 0 })
  expect((await counted())?.checked).toBeGreaterThan(20)
  await cp.sql(
    `update decisions set chosen = jsonb_set(chosen, '{0,nodeId}', '"node-99"') where id = (select id from decisions where outcome = 'placed' limit 1)`,
  )
  await checkRecords(term, 100)
  expect(await counted()).toMatchObject({ mismatched: 1 })
  expect(cp.logged.some((line) => line.startsWith('Record mismatch: decision '))).toBe(true)
})

test('a database that fails while records are checked raises no alarm', async () => {
  await new FakeAgent(cp).join({ name: 'node-01' })
  await (await cp.as('admin')).deployment.deploy(aDeployment())
  await cp.schedule()
  const { pool } = cp.store
  const query = pool.query.bind(pool)
  const away = new Error('Connection terminated unexpectedly')
  let calls = 0
  // The connection fails after the sample was drawn, at the first decision that is read.
  const leaving = Object.assign(Object.create(pool), {
    query: (...args: Parameters<typeof query>) => (calls++ === 0 ? query(...args) : Promise.reject(away)),
  })
  const term = { store: { ...cp.store, pool: leaving }, log: cp.services.log, epoch: cp.epoch }
  await expect(checkRecords(term, 10)).rejects.toBe(away)
  expect(calls).toBe(2)
  expect(cp.logged.some((line) => line.startsWith('Record mismatch'))).toBe(false)
})

test('old records are deleted, and those that remain can still be replayed', async () => {
  await someHistory()
  await cp.sql(
    `update fleet_journal set at = at - interval '100 days' where seq <= (select percentile_disc(0.5) within group (order by seq) from fleet_journal)`,
  )
  const before = await decisions()
  const cut = before[Math.floor(before.length / 2)]
  if (!cut) throw new Error('there is a history')
  await pruneRecords(cp.store, { epoch: cp.epoch, before: new Date(cut.createdAt) })
  const after = await decisions()
  expect(after.length).toBeGreaterThan(5)
  expect(after.length).toBeLessThan(before.length)
  for (const record of after) expect(replay(record).chosen).toEqual(record.chosen)
})
