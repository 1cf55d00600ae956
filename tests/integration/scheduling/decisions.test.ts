import { afterEach, beforeEach, expect, test } from 'vitest'
import { aDeployment, FakeAgent, type TestControlPlane, testControlPlane } from '@/testing/control-plane'

let cp: TestControlPlane
let agent: FakeAgent
let admin: Awaited<ReturnType<TestControlPlane['as']>>
let web: string
let shop: string
beforeEach(async () => {
  cp = await testControlPlane()
  agent = await new FakeAgent(cp).join(
    { name: 'node-01', cpuCores: 8, memoryMb: 16384 },
    { name: 'node-02', cpuCores: 4, memoryMb: 8192 },
  )
  admin = await cp.as('admin')
  const deploy = async (name: string, overrides: Record<string, unknown>) => {
    const { deployment_id } = await admin.deployment.deploy(aDeployment({ name, ...overrides }))
    await cp.schedule()
    return deployment_id
  }
  web = await deploy('web_api', {})
  shop = await deploy('shop', { replicas: 2 })
  await deploy('too-big', { replicas: 5 })
  await admin.deployment.scale({ deployment_id: web, replicas: 2 })
  await cp.schedule()
})
afterEach(() => cp.close())

const seen = (page: { items: { deploymentName: string; trigger: string }[] }) =>
  page.items.map(({ deploymentName, trigger }) => `${deploymentName}: ${trigger}`)

test('decisions are listed newest first, page by page', async () => {
  const all = await admin.decision.page({})
  expect(all.more).toBe(false)
  expect(seen(all)).toEqual(['web_api: scale', 'too-big: deploy', 'shop: deploy', 'web_api: deploy'])
  expect(all.items[2]).toMatchObject({
    deploymentId: shop,
    outcome: 'placed',
    replicas: 2,
    chosenNodeIds: ['node-02', 'node-01'],
    policy: { name: 'spread' },
  })
  const first = await admin.decision.page({ limit: 3 })
  expect([first.items.length, first.more]).toEqual([3, true])
  const rest = await admin.decision.page({ limit: 3, older_than: first.items.at(-1)?.id })
  expect([seen(rest), rest.more]).toEqual([['web_api: deploy'], false])
})

test('decisions can be filtered by deployment, outcome, trigger, time and chosen node', async () => {
  const page = async (filter: Parameters<typeof admin.decision.page>[0]) => seen(await admin.decision.page(filter))
  expect(await page({ deployment: 'WEB_' })).toEqual(['web_api: scale', 'web_api: deploy'])
  // The underscore is a plain character here, not a wildcard.
  expect(await page({ deployment: 'too_big' })).toEqual([])
  expect(await page({ deployment: shop })).toEqual(['shop: deploy'])
  expect(await page({ outcome: 'refused' })).toEqual(['too-big: deploy'])
  expect(await page({ trigger: 'scale' })).toEqual(['web_api: scale'])
  expect(await page({ deployment: 'web', trigger: 'deploy' })).toEqual(['web_api: deploy'])
  expect(await page({ node: 'node-02' })).toEqual(['web_api: scale', 'shop: deploy'])
  expect(await page({ node: agent.id('node-02') })).toEqual(['web_api: scale', 'shop: deploy'])
  const [newest] = (await admin.decision.page({ limit: 1 })).items
  const after = new Date(Date.parse(newest?.createdAt ?? '') + 1).toISOString()
  expect(await page({ after })).toEqual([])
  expect(await page({ before: after })).toHaveLength(4)
  await expect(admin.decision.page({ older_than: 'nonsense' })).rejects.toThrow('id of a decision')
})

test('a what-if run tells which of the filtered decisions would have come out differently', async () => {
  const policy = 'pack'
  const all = await admin.decision.whatIf({ policy, newest: 50 })
  expect(all.examined).toBe(4)
  expect(all.changes.map(({ deploymentName, leaves, comes }) => ({ deploymentName, leaves, comes }))).toEqual([
    { deploymentName: 'web_api', leaves: ['node-01'], comes: ['node-02'] },
  ])
  expect(await admin.decision.whatIf({ policy, newest: 50, filter: { deployment: 'shop' } })).toMatchObject({
    examined: 1,
    changes: [],
  })
})

test('a decision shows its deployment, and a replay shows the outcome', async () => {
  const [latest] = (await admin.decision.page({ outcome: 'refused' })).items
  const decision = await admin.decision.get({ id: latest?.id ?? '' })
  expect(decision).toMatchObject({ deploymentName: 'too-big', placement: { nodes: 2, feasible: 2, chosen: [] } })
  expect(await admin.decision.replay({ id: decision.id })).toEqual({
    matches: true,
    chosen: [],
    message: 'Insufficient nodes: need 5, found 2 with capacity',
  })
})
