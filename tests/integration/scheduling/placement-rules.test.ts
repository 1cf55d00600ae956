import { afterEach, beforeEach, expect, test } from 'vitest'
import { aDeployment, FakeAgent, type TestControlPlane, testControlPlane } from '@/testing/control-plane'

let cp: TestControlPlane
let agent: FakeAgent
beforeEach(async () => {
  cp = await testControlPlane()
  agent = await new FakeAgent(cp).join(
    { name: 'us-1', region: 'us-east', labels: { zone: 'a' } },
    { name: 'us-2', region: 'us-east', labels: { zone: 'b', disk: 'ssd' } },
    { name: 'eu-1', region: 'eu-west', labels: { zone: 'a' } },
  )
})
afterEach(() => cp.close())

const small = { resources: { cpu: 0.5, memory: 512 } }

async function deploy(overrides: Record<string, unknown>): Promise<string> {
  const admin = await cp.as('admin')
  return (await admin.deployment.deploy(aDeployment({ ...small, ...overrides }))).deployment_id
}

const nodesOf = async (id: string): Promise<string[]> => {
  const { replicas } = await (await cp.as('admin')).deployment.detail({ id })
  return replicas.map((replica) => replica.node.nodeId).sort()
}

/** Replays every decision from its record alone. */
async function expectReplays(): Promise<void> {
  const admin = await cp.as('admin')
  const ids = await cp.sql<{ id: string }>('select id from decisions')
  expect(ids.length).toBeGreaterThan(0)
  for (const { id } of ids) expect((await admin.decision.replay({ id })).matches).toBe(true)
}

test('rules are stored and shown as requested, used in placement, recorded and replayed', async () => {
  const admin = await cp.as('admin')
  const asked = {
    preferences: [{ key: 'disk', op: '=', values: ['ssd'], weight: 100 }],
    spread: [{ across: 'region', max_skew: 1 }],
  }
  const preview = await admin.placement.preview({ replicas: 2, ...small, ...asked } as never)
  const id = await deploy({ replicas: 2, ...asked })
  await cp.schedule()
  expect(await nodesOf(id)).toEqual(['eu-1', 'us-2'])
  expect(preview.placement.chosen.map(({ nodeId }) => nodeId).sort()).toEqual(['eu-1', 'us-2'])
  expect((await admin.deployment.detail({ id })).placementRules).toEqual({
    preferences: [{ key: 'disk', op: '=', values: ['ssd'], weight: 100 }],
    spread: [{ across: 'region', maxSkew: 1, weight: 50 }],
    affinity: [],
  })
  const refusedId = await deploy({ replicas: 3, name: 'three', ...asked, spread: [{ across: 'zone', max_skew: 1 }] })
  await cp.schedule()
  expect(await nodesOf(refusedId)).toEqual(['eu-1', 'us-1', 'us-2'])
  await expectReplays()
})

test('replicas added later keep the spread of the existing ones', async () => {
  const admin = await cp.as('admin')
  const id = await deploy({ replicas: 1, region: 'us-east', spread: [{ across: 'region', max_skew: 1 }] })
  await cp.schedule()
  await admin.deployment.scale({ deployment_id: id, replicas: 2 })
  await cp.schedule()
  expect(await nodesOf(id)).toContain('eu-1')
  await admin.deployment.scale({ deployment_id: id, replicas: 3 })
  await cp.schedule()
  expect(await nodesOf(id)).toEqual(['eu-1', 'us-1', 'us-2'])
  await expectReplays()
})

test('deployments of one batch see earlier placements of the batch, and so does the record', async () => {
  const db = await deploy({ name: 'db' })
  const web = await deploy({ name: 'web', affinity: [{ deployment: 'db', on: 'node', required: true }] })
  const apart = await deploy({
    name: 'apart',
    replicas: 1,
    anti_affinity: [{ deployment: db, on: 'region', required: true }],
  })
  await cp.schedule()
  const batches = await cp.sql<{ batch_id: string }>('select distinct batch_id from decisions')
  expect(batches).toHaveLength(1)
  expect(await nodesOf(web)).toEqual(await nodesOf(db))
  const [at] = await nodesOf(db)
  expect(await nodesOf(apart)).toHaveLength(1)
  expect((await nodesOf(apart))[0]?.slice(0, 2)).not.toBe(at?.slice(0, 2))
  await expectReplays()
  // The record does not depend on the deployment that the rules refer to.
  await (await cp.as('admin')).deployment.delete({ deployment_id: db })
  await cp.schedule()
  await expectReplays()
})

test('a replica that waits for an affinity is placed as soon as the other deployment is', async () => {
  await cp.sql('update nodes set cordoned = true')
  await deploy({ name: 'db', wait_for_capacity: true, priority: 10 })
  const web = await deploy({
    name: 'web',
    wait_for_capacity: true,
    affinity: [{ deployment: 'db', on: 'region', required: true }],
  })
  await cp.schedule()
  const admin = await cp.as('admin')
  await admin.node.cordon({ id: agent.id('eu-1'), cordoned: false })
  // Both are woken. web has the higher priority, is refused again, and is woken by the commit that places db.
  for (let rounds = 0; rounds < 3; rounds++) await cp.schedule()
  expect(await nodesOf(web)).toEqual(['eu-1'])
  await expectReplays()
})

test('a decision says for any node what each rule compared', async () => {
  const admin = await cp.as('admin')
  const id = await deploy({ constraints: [{ key: 'disk', op: 'exists' }] })
  await cp.schedule()
  const [decision] = await admin.deployment.decisions({ id })
  const explain = (nodeId: string) => admin.decision.explain({ id: decision?.id ?? '', nodeId })
  expect(await explain(agent.id('us-1'))).toMatchObject({
    verdict: { nodeId: 'us-1', feasible: false },
    rules: expect.arrayContaining([
      expect.objectContaining({ rule: 'labels', passed: false, message: 'has no label disk' }),
      expect.objectContaining({ rule: 'cpu', passed: true, needed: 500, available: 4000, shortfall: null }),
    ]),
  })
  expect(await explain('us-2')).toMatchObject({ verdict: { chosen: 1, rank: 1 }, feasible: 1, gap: null })
  await expect(explain('us-9')).rejects.toThrow('saw no node us-9')
})

test('an update changes only the lists that it names, a rollback restores the old ones, and replicas follow', async () => {
  const admin = await cp.as('admin')
  const db = await deploy({ name: 'db', constraints: [{ key: 'disk', op: 'exists' }] })
  await cp.schedule()
  expect(await nodesOf(db)).toEqual(['us-2'])
  const web = await deploy({
    name: 'web',
    preferences: [{ key: 'zone', op: '=', values: ['a'], weight: 10 }],
    anti_affinity: [{ deployment: 'db', on: 'region', required: true }],
  })
  await cp.schedule()
  await agent.obey()
  expect(await nodesOf(web)).toEqual(['eu-1'])
  await expect(
    admin.deployment.update({ deployment_id: web, affinity: [{ deployment: 'nobody' }] } as never),
  ).rejects.toThrow('There is no deployment nobody')
  const near = { anti_affinity: [], affinity: [{ deployment: 'db', on: 'node', required: true }] }
  const updated = await admin.deployment.update({ deployment_id: web, ...near } as never)
  expect(updated.changes).toEqual([
    {
      what: 'placement rules',
      from: 'prefers zone = a (weight 10), has to be in another region than db',
      to: 'prefers zone = a (weight 10), has to be on the same node as db',
    },
  ])
  const liveNodes = async () => {
    const { replicas } = await admin.deployment.detail({ id: web })
    return replicas.filter(({ reserved, wanted }) => reserved && wanted === 'run').map(({ node }) => node.nodeId)
  }
  const settle = async () => {
    for (let rounds = 0; rounds < 4; rounds++) {
      await cp.makeDue()
      await cp.schedule()
      await agent.obey()
    }
  }
  await settle()
  expect(await liveNodes()).toEqual(['us-2'])
  await admin.deployment.rollback({ deployment_id: web, revision: 1 })
  expect((await admin.deployment.detail({ id: web })).placementRules?.affinity).toMatchObject([
    { kind: 'anti-affinity' },
  ])
  await settle()
  expect(await liveNodes()).toEqual(['eu-1'])
  await expectReplays()
})

test('invalid rules are refused by field, with the names that REST uses', async () => {
  const { access_token } = (await (await cp.login('admin', 'correct horse 42')).json()) as { access_token: string }
  const send = async (placementRules: object) => {
    const response = await cp.rest('/deployment/deploy', {
      method: 'POST',
      headers: { authorization: `Bearer ${access_token}`, 'content-type': 'application/json' },
      body: JSON.stringify(aDeployment({ ...small, ...placementRules })),
    })
    const { errors } = (await response.json()) as { errors?: { path: string; message: string }[] }
    return { status: response.status, errors: errors?.map(({ path, message }) => `${path}: ${message}`) }
  }
  expect(
    await send({
      preferences: [{ key: 'disk', op: 'exists', weight: 101 }],
      spread: [{ across: 'node' }, { across: 'zone', weight: 0 }],
      affinity: [{ deployment: 'db', on: 'planet', required: 'yes' }],
    }),
  ).toEqual({
    status: 422,
    errors: expect.toSatisfy((errors: string[]) => {
      expect(errors.toSorted()).toEqual([
        'affinity.0.on: on must be one of node, zone, region',
        'affinity.0.required: required must be true or false',
        'preferences.0.weight: The weight must be between 1 and 100',
        'spread.0.across: across must be one of zone, region',
        'spread.1.weight: A spread with weight 0 needs a max_skew',
      ])
      return true
    }),
  })
  expect(await send({ affinity: [{ deployment: 'db' }], anti_affinity: [{ deployment: 'later' }] })).toEqual({
    status: 422,
    errors: ['affinity.0.deployment: There is no deployment db'],
  })
  const id = '01a208da-0000-7000-8000-000000000000'
  expect(await send({ anti_affinity: [{ deployment: 'later' }, { deployment: id }] })).toEqual({
    status: 422,
    errors: [`anti_affinity.1.deployment: There is no deployment ${id}`],
  })
  expect(await send({ anti_affinity: [{ deployment: 'later' }] })).toEqual({ status: 202 })
  expect(await cp.sql('select placement_rules from deployments')).toEqual([
    {
      placement_rules: {
        preferences: [],
        spread: [],
        affinity: [{ kind: 'anti-affinity', deployment: 'later', on: 'node', required: false, weight: 50 }],
      },
    },
  ])
})

test('the index decides with rules as the plain scheduler does', async () => {
  const indexed = await testControlPlane({ indexFrom: 1 })
  try {
    await new FakeAgent(indexed).join({ name: 'us-1' }, { name: 'us-2' }, { name: 'eu-1', region: 'eu-west' })
    const admin = await indexed.as('admin')
    const { deployment_id: id } = await admin.deployment.deploy(
      aDeployment({ ...small, replicas: 2, spread: [{ across: 'region', max_skew: 1 }] }),
    )
    await indexed.schedule()
    expect((await admin.deployment.detail({ id })).replicas.map(({ node }) => node.nodeId)).toContain('eu-1')
    const [decision] = await admin.deployment.decisions({ id })
    expect((await admin.decision.replay({ id: decision?.id ?? '' })).matches).toBe(true)
    expect(indexed.logged).toContain('Found 3 nodes with capacity: >=0.5 CPU, >=512 MB')
  } finally {
    await indexed.close()
  }
})
