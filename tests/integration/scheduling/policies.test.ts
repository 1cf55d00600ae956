import { afterEach, beforeEach, expect, test } from 'vitest'
import { aDeployment, FakeAgent, type TestControlPlane, testControlPlane } from '@/testing/control-plane'

let cp: TestControlPlane
beforeEach(async () => {
  cp = await testControlPlane()
  // The far node is bigger and emptier: spread chooses it, near does not.
  await new FakeAgent(cp).join(
    { name: 'near-by', region: 'us-east', cpuCores: 4, memoryMb: 8192 },
    { name: 'far-off', region: 'us-west', cpuCores: 64, memoryMb: 65536, storageGb: 1000 },
  )
})
afterEach(() => cp.close())

const deployTo = async (overrides: Record<string, unknown>) => {
  const admin = await cp.as('admin')
  const { deployment_id: id } = await admin.deployment.deploy(
    aDeployment({ resources: { cpu: 3, memory: 6144 }, region: 'us-east', ...overrides }),
  )
  await cp.schedule()
  const { replicas } = await admin.deployment.detail({ id })
  return replicas.map((replica) => replica.node.nodeId)
}

test('a deployment is placed by its own policy, or else by the default', async () => {
  expect(await deployTo({ policy: { weights: { resources: 1, load: 0, locality: 0 } } })).toEqual(['far-off'])
  expect(await deployTo({ policy: 'near' })).toEqual(['near-by'])
  const admin = await cp.as('admin')
  await admin.settings.setPolicy({ policy: { weights: { resources: 1, load: 0, locality: 0 } } })
  expect(await deployTo({ resources: { cpu: 0.5, memory: 512 } })).toEqual(['far-off'])
  const [decision] = await cp.sql<{ policy: unknown }>('select policy from decisions order by id desc limit 1')
  expect(decision?.policy).toEqual({ name: 'custom', weights: { resources: 1, load: 0, locality: 0 } })
})

test('packing fills the fuller node first', async () => {
  const small = { resources: { cpu: 0.5, memory: 512 }, region: undefined }
  expect(await deployTo({ ...small, policy: 'spread' })).toEqual(['far-off'])
  expect(await deployTo({ ...small, policy: 'pack' })).toEqual(['near-by'])
  expect(await deployTo({ ...small, policy: 'pack' })).toEqual(['near-by'])
})

test('a what-if run tells which past placements would change under another policy', async () => {
  await deployTo({ policy: 'near' })
  await deployTo({ resources: { cpu: 0.5, memory: 512 }, policy: { weights: { resources: 1, load: 0, locality: 0 } } })
  const admin = await cp.as('admin')
  const report = await admin.decision.whatIf({
    newest: 10,
    policy: { weights: { resources: 1, load: 0, locality: 0 } },
  })
  expect(report).toMatchObject({
    examined: 2,
    changes: [{ before: ['near-by'], after: ['far-off'], leaves: ['near-by'], comes: ['far-off'] }],
  })
  const ids = report.changes.map((change) => change.decisionId)
  expect(await admin.decision.whatIf({ ids, policy: 'near' })).toMatchObject({ examined: 1, changes: [] })
  expect(await admin.decision.replay({ id: ids[0] ?? '' })).toMatchObject({ matches: true })
  await expect(admin.decision.whatIf({ policy: 'near' })).rejects.toThrow('either ids')
})

test('a higher priority is scheduled first', async () => {
  const admin = await cp.as('admin')
  await cp.sql(`update nodes set cordoned = true where node_id = 'far-off'`)
  const low = await admin.deployment.deploy(
    aDeployment({ name: 'low', priority: 10, resources: { cpu: 3, memory: 1024 } }),
  )
  const high = await admin.deployment.deploy(
    aDeployment({ name: 'high', priority: 90, resources: { cpu: 3, memory: 1024 } }),
  )
  await cp.schedule()
  expect((await admin.deployment.detail({ id: high.deployment_id })).status).toBe('scheduled')
  expect((await admin.deployment.detail({ id: low.deployment_id })).status).toBe('failed')
})

test('only administrators set the default policy, and weights that do not add up are refused', async () => {
  const operator = await cp.user('ann', 'operator')
  await expect(operator.settings.setPolicy({ policy: 'pack' })).rejects.toThrow('may not')
  const admin = await cp.as('admin')
  await expect(
    admin.settings.setPolicy({ policy: { weights: { resources: 0.5, load: 0.5, locality: 0.5 } } }),
  ).rejects.toThrow('add up to 1')
  expect((await admin.settings.get()).policy.name).toBe('spread')
  await admin.settings.setPolicy({ policy: 'pack' })
  expect(await cp.sql(`select actor, after from audit_log where action = 'setting.change'`)).toMatchObject([
    { actor: 'admin', after: { value: { name: 'pack' } } },
  ])
})

test('a deploy with the token of its preview reports a different outcome, and is refused when it no longer fits', async () => {
  const admin = await cp.as('admin')
  const asked = { replicas: 1, resources: { cpu: 3, memory: 6144 }, policy: 'near' as const, region: 'us-east' }
  const { token, placement } = await admin.placement.preview(asked)
  expect(placement.chosen.map((node) => node.nodeId)).toEqual(['near-by'])
  const first = await admin.deployment.deploy(aDeployment({ ...asked, preview_token: token }))
  expect(first.preview).toEqual({ outcome: 'same', message: 'Placed as the preview showed' })
  await cp.schedule()
  const second = await admin.deployment.deploy(aDeployment({ ...asked, preview_token: token }))
  expect(second.preview).toEqual({
    outcome: 'differs',
    message: 'The fleet has moved since the preview: far-off instead of near-by',
  })
  await cp.sql('update nodes set cordoned = true')
  await expect(admin.deployment.deploy(aDeployment({ ...asked, preview_token: token }))).rejects.toThrow(
    'does not any more',
  )
  const waiting = await admin.deployment.deploy(
    aDeployment({ ...asked, preview_token: token, wait_for_capacity: true }),
  )
  expect(waiting.preview?.outcome).toBe('differs')
  await expect(admin.deployment.deploy(aDeployment({ preview_token: 'nonsense' }))).rejects.toThrow(
    'not the token of a preview',
  )
})
