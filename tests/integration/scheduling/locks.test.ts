/** The order in which rows are locked: writers of the same rows may wait, but never for each other. */
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { transaction } from '@/server/db/client'
import { raiseDesiredRevision, recordNodeEvents } from '@/server/store/nodes/node-rows'
import { aDeployment, FakeAgent, type TestControlPlane, testControlPlane } from '@/testing/control-plane'

let cp: TestControlPlane
let rival: pg.Client

beforeEach(async () => {
  cp = await testControlPlane()
  rival = new pg.Client({ connectionString: cp.url })
  await rival.connect()
})
afterEach(async () => {
  await rival.end()
  await cp.close()
})

test('a batch that stops on one node and places on another locks both in the order of their ids, and nothing earlier', async () => {
  const agent = await new FakeAgent(cp).join(
    { name: 'first', region: 'us-east' },
    { name: 'second', region: 'eu-west' },
  )
  const [first, second] = ['first', 'second'].map((name) => agent.nodes.get(name) ?? '')
  expect(first && second && first < second).toBe(true)
  const admin = await cp.as('admin')
  const { deployment_id: leaving } = await admin.deployment.deploy(aDeployment({ region: 'eu-west' }))
  await cp.schedule()
  const [placed] = await cp.sql<{ node_id: string }>('select node_id from deployment_replicas')
  expect(placed?.node_id).toBe(second)
  await admin.deployment.scale({ deployment_id: leaving, replicas: 0 })
  await admin.deployment.deploy(aDeployment({ name: 'coming', region: 'us-east' }))

  await rival.query('begin')
  await rival.query('select 1 from nodes where id = $1 for no key update', [first])
  const scheduled = cp.schedule()
  const waiting = () =>
    cp.sql(`select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`)
  await expect.poll(waiting, { timeout: 15_000 }).toHaveLength(1)
  // The batch that waits for the first node holds no other one.
  await rival.query('select 1 from nodes where id = $1 for no key update nowait', [second])
  await rival.query('rollback')
  await scheduled
  const replicas = await cp.sql<{ wanted: string; node_id: string }>(
    'select wanted, node_id from deployment_replicas order by created_at',
  )
  expect(replicas).toEqual([
    { wanted: 'stop', node_id: second },
    { wanted: 'run', node_id: first },
  ])
})

test('a row that merely refers to a node does not wait for a writer of that node', async () => {
  const agent = await new FakeAgent(cp).join({ name: 'node-01' })
  const id = agent.nodes.get('node-01') ?? ''
  const written = await transaction(cp.store, async (tx) => {
    await raiseDesiredRevision(tx, [id])
    const event = { nodeId: id, kind: 'cordoned', detail: 'from elsewhere', actor: 'test' } as const
    const elsewhere = recordNodeEvents(cp.store.pool, [event]).then(() => 'written')
    return Promise.race([elsewhere, sleep(10_000, 'still waits')])
  })
  expect(written).toBe('written')
})

test('a drain can queue work for a deployment whose batch waits for the drained node', async () => {
  const agent = await new FakeAgent(cp).join({ name: 'node-01' })
  const node = agent.nodes.get('node-01') ?? ''
  const { deployment_id: id } = await (await cp.as('admin')).deployment.deploy(aDeployment())
  await rival.query('begin')
  await rival.query('select 1 from nodes where id = $1 for no key update', [node])
  const scheduled = cp.schedule()
  const waiting = () =>
    cp.sql(`select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`)
  await expect.poll(waiting).toHaveLength(1)
  // The new evaluation refers to the deployment, whose row the batch has locked. A stronger lock would be a deadlock.
  await rival.query(
    `insert into evaluations (id, deployment_id, trigger, priority) values (gen_random_uuid(), $1, 'drain', 50)`,
    [id],
  )
  await rival.query('commit')
  await scheduled
  expect(await cp.sql('select node_id from deployment_replicas')).toEqual([{ node_id: node }])
})
