import { afterEach, beforeEach, expect, test } from 'vitest'
import { markDead } from '@/server/store/queue/dead-letters'
import { claimEvaluations, releaseEvaluation } from '@/server/store/queue/evaluations'
import { aDeployment, FakeAgent, type TestControlPlane, testControlPlane } from '@/testing/control-plane'

let cp: TestControlPlane

beforeEach(async () => {
  cp = await testControlPlane()
})
afterEach(() => cp.close())

const deploy = async (overrides: Record<string, unknown> = {}) =>
  (await (await cp.as('admin')).deployment.deploy(aDeployment(overrides))).deployment_id

const stumble = async (deploymentId: string, { last = false } = {}) => {
  const me = { epoch: cp.epoch, worker: 'stumbling' }
  const [claimed] = await claimEvaluations(cp.store, me, { limit: 1, which: 'fresh' })
  expect(claimed?.deploymentId).toBe(deploymentId)
  const { id } = claimed ?? { id: '' }
  if (last) await markDead(cp.store, me, { id, deploymentId, reason: 'Scheduling failed: no luck', error: 'no luck' })
  else await releaseEvaluation(cp.store, me, { id, error: 'no luck', delayMs: 3_600_000 })
  return id
}

test('a dead evaluation is listed with its reason, and can be retried with its deployment', async () => {
  await new FakeAgent(cp).join({ name: 'node-01' })
  const id = await deploy()
  const evaluation = await stumble(id, { last: true })
  const admin = await cp.as('admin')
  expect((await admin.deployment.detail({ id })).status).toBe('failed')
  expect(await admin.queue.list()).toMatchObject({
    counts: { dead: 1, retrying: 0, waiting: 0 },
    items: [
      { id: evaluation, kind: 'dead', deploymentId: id, error: 'no luck', attempts: 1, blocked: null, nextTryAt: null },
    ],
  })
  await admin.queue.tryAgain({ id: evaluation })
  expect((await admin.queue.list()).items).toEqual([])
  await cp.schedule()
  expect((await admin.deployment.detail({ id })).status).toBe('scheduled')
  expect(await cp.sql(`select actor, subject_id from audit_log where action = 'deployment.retry'`)).toEqual([
    { actor: 'admin', subject_id: id },
  ])
})

test('an evaluation that waits for its next attempt can be tried at once', async () => {
  await new FakeAgent(cp).join({ name: 'node-01' })
  const id = await deploy()
  const evaluation = await stumble(id)
  const admin = await cp.as('admin')
  const { items } = await admin.queue.list()
  expect(items).toMatchObject([{ id: evaluation, kind: 'retrying', error: 'no luck' }])
  expect(Date.parse(items[0]?.nextTryAt ?? '')).toBeGreaterThan(Date.now() + 3_000_000)
  expect(await cp.schedule()).toBe(0)
  await admin.queue.tryAgain({ id: evaluation })
  expect(await cp.schedule()).toBe(1)
  expect((await admin.deployment.detail({ id })).status).toBe('scheduled')
  await expect(admin.queue.tryAgain({ id: evaluation })).rejects.toThrow('not waiting any more')
})

test('an evaluation that finds no capacity is listed as waiting', async () => {
  const id = await deploy({ wait_for_capacity: true })
  await cp.schedule()
  const { items, counts } = await (await cp.as('admin')).queue.list()
  expect(counts.waiting).toBe(1)
  expect(items).toMatchObject([{ kind: 'waiting', deploymentId: id, nextTryAt: null }])
})

test('other users see the queue, and are told why they cannot retry', async () => {
  const id = await deploy()
  const evaluation = await stumble(id, { last: true })
  const operator = await cp.user('olga', 'operator')
  const viewer = await cp.user('vera', 'viewer')
  expect((await operator.queue.list()).items[0]?.blocked).toContain('belongs to admin')
  await expect(operator.queue.tryAgain({ id: evaluation })).rejects.toThrow('belongs to admin')
  expect((await viewer.queue.list()).items[0]?.blocked).toContain('viewer')
  await expect(viewer.queue.tryAgain({ id: evaluation })).rejects.toThrow('may not do this')
  expect((await (await cp.as('admin')).deployment.detail({ id })).status).toBe('failed')
})
