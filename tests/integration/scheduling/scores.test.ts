import { afterEach, beforeEach, expect, test } from 'vitest'
import { aDeployment, FakeAgent, type TestControlPlane, testControlPlane } from '@/testing/control-plane'

let cp: TestControlPlane
let agent: FakeAgent
beforeEach(async () => {
  cp = await testControlPlane()
  agent = await new FakeAgent(cp).join(
    { name: 'edge-1', region: 'us-east' },
    { name: 'edge-2', region: 'us-east', cpuCores: 8, memoryMb: 16384 },
    { name: 'far-1', region: 'us-west', cpuCores: 64, memoryMb: 65536, storageGb: 1000 },
    { name: 'small-1', region: 'us-east', cpuCores: 0.5, memoryMb: 512 },
  )
})
afterEach(() => cp.close())

const request = { replicas: 2, resources: { cpu: 1, memory: 1024 }, region: 'us-east' }
const names = (verdicts: { nodeId: string }[]) => verdicts.map(({ nodeId }) => nodeId)

test('every node is ranked for a request, page by page, with the values that are compared', async () => {
  const viewer = await cp.user('vera', 'viewer')
  const ranking = await viewer.placement.rank({ request, compare: ['small-1', 'edge-1'] })
  expect(ranking).toMatchObject({ nodes: 4, feasible: 3, total: 4, message: null, found: 3 })
  expect(names(ranking.verdicts)).toEqual(['edge-2', 'edge-1', 'far-1', 'small-1'])
  expect(ranking.winner?.nodeId).toBe('edge-2')
  expect(names(ranking.chosen)).toEqual(['edge-2', 'edge-1'])
  expect(names(ranking.compared)).toEqual(['small-1', 'edge-1'])
  expect(ranking.compared[0]?.failures.map(({ rule }) => rule)).toEqual(['cpu', 'memory'])
  for (const { score, parts } of ranking.verdicts)
    if (score !== null) expect(parts.reduce((sum, part) => sum + part.contribution, 0)).toBe(score)

  const page = await viewer.placement.rank({ request, offset: 1, limit: 2 })
  expect([page.total, ...names(page.verdicts)]).toEqual([4, 'edge-1', 'far-1'])
  const found = await viewer.placement.rank({ request, text: 'far', region: 'us-west', show: 'room' })
  expect([found.total, found.verdicts[0]?.nodeId, found.verdicts[0]?.rank]).toEqual([1, 'far-1', 3])
  expect(names((await viewer.placement.rank({ request, show: 'refused' })).verdicts)).toEqual(['small-1'])
})

test('other weights give another order, and asking saves nothing', async () => {
  const admin = await cp.as('admin')
  const policy = { weights: { resources: 1, load: 0, locality: 0 } }
  const ranking = await admin.placement.rank({ request, policy })
  expect(ranking.winner?.nodeId).toBe('far-1')
  expect(ranking.policy).toEqual({ name: 'custom', ...policy })
  expect((await admin.settings.get()).policy.name).toBe('spread')
  await expect(
    admin.placement.rank({ request, policy: { weights: { resources: 1, load: 1, locality: 0 } } }),
  ).rejects.toThrow('add up to 1')
})

test('nodes that do not fit are ranked as well, with what they lack', async () => {
  const admin = await cp.as('admin')
  const ranking = await admin.placement.rank({ request: { ...request, replicas: 5 } })
  expect(ranking).toMatchObject({ message: 'Insufficient nodes: need 5, found 3 with capacity', chosen: [], found: 3 })
  expect(ranking.winner?.nodeId).toBe('edge-2')
})

test('a decision is ranked on the fleet that it saw, and also under another policy', async () => {
  const admin = await cp.as('admin')
  const { deployment_id: id } = await admin.deployment.deploy(aDeployment(request))
  await cp.schedule()
  const decisionId = (await admin.deployment.detail({ id })).latestDecisionId ?? ''
  // Later changes of the fleet make no difference.
  await admin.node.cordon({ id: agent.id('edge-2'), cordoned: true })
  await new FakeAgent(cp).join({ name: 'edge-9', region: 'us-east' })
  const ranking = await admin.placement.rankDecision({ id: decisionId })
  expect(names(ranking.verdicts)).toEqual(['edge-2', 'edge-1', 'far-1', 'small-1'])
  expect(names(ranking.chosen)).toEqual(['edge-2', 'edge-1'])
  expect(ranking.policy.name).toBe('spread')
  const other = await admin.placement.rankDecision({
    id: decisionId,
    policy: { weights: { resources: 1, load: 0, locality: 0 } },
  })
  expect(names(other.chosen)).toEqual(['far-1', 'edge-2'])
  await expect(admin.placement.rankDecision({ id: 'nonsense' })).rejects.toThrow()
})
