import { afterEach, beforeEach, expect, test } from 'vitest'
import { aDeployment, FakeAgent, type TestControlPlane, testControlPlane } from '@/testing/control-plane'

let cp: TestControlPlane
let agent: FakeAgent

beforeEach(async () => {
  cp = await testControlPlane()
  agent = await new FakeAgent(cp).join({ name: 'node-01' }, { name: 'node-02' }, { name: 'node-03' })
})
afterEach(() => cp.close())

const digest = (letter: string) => `sha256:${letter.repeat(64)}`
const found = (letter: string, fromRegistry = true) => ({ digest: digest(letter), imageId: digest('0'), fromRegistry })
const admin = () => cp.as('admin')
const detail = async (id: string) => (await admin()).deployment.detail({ id })
const deployed = async (overrides = {}) => {
  const { deployment } = await admin()
  const { deployment_id: id } = await deployment.deploy(aDeployment({ container_image: 'team/app', ...overrides }))
  await cp.schedule()
  return id
}

const desiredOf = async (id: string) => (await agent.wanted()).filter((replica) => replica.deploymentId === id)
const revisionsOf = (nodeIds: string[]) =>
  cp.sql<{ revision: string }>('select wanted_revision::text as revision from nodes where id = any($1) order by id', [
    nodeIds,
  ])

test('one node of a revision resolves its image, the first answer counts for all, and other nodes are notified', async () => {
  const other = await new FakeAgent(cp).join({ name: 'node-04' })
  const id = await deployed({ replicas: 4 })
  const replicas = await desiredOf(id)
  expect(replicas.map(({ imageContent }) => imageContent)).toEqual([null, null, null])
  const [elsewhere] = await other.wanted()
  if (!elsewhere) throw new Error('nothing was placed on node-04')
  const [first, ...others] = [...replicas, elsewhere].filter((each) => each.resolvesImage)
  if (!first) throw new Error('nobody looks the image up')
  expect(others).toEqual([])
  const rest = replicas.filter((each) => each !== first)
  const restNodes = rest.map(({ nodeId }) => nodeId)
  const [before, beforeElsewhere] = [await revisionsOf(restNodes), await revisionsOf([elsewhere.nodeId])]
  const counts = { digest: digest('a'), imageId: digest('0') }
  expect(await agent.resolveImage(first, found('a'))).toEqual(counts)
  expect(await revisionsOf([elsewhere.nodeId])).not.toEqual(beforeElsewhere)
  // Nodes of one agent share its answer. In a burst, a push to each of them would be most of the work.
  expect(await revisionsOf(restNodes)).toEqual(before)
  // A node that had waited too long resolved the tag itself and found that it had moved.
  for (const each of rest) expect(await agent.resolveImage(each, found('b'))).toEqual(counts)
  expect((await desiredOf(id)).map(({ imageContent }) => imageContent)).toEqual([counts, counts, counts])
  expect((await detail(id)).revisionImage).toMatchObject({ digest: digest('a'), verified: true, newer: null })
})

test('two nodes that report a digest concurrently get one answer', async () => {
  const id = await deployed({ replicas: 3 })
  const replicas = await desiredOf(id)
  const answers = await Promise.all(
    replicas.map((each, i) => agent.resolveImage(each, found(['a', 'b', 'c'][i] ?? 'd'))),
  )
  expect(new Set(answers.map((answer) => answer?.digest)).size).toBe(1)
})

test('an agent can report digests only, and only for its own replicas', async () => {
  const id = await deployed({ replicas: 1 })
  const [replica] = await desiredOf(id)
  if (!replica) throw new Error('nothing was placed')
  const stranger = await new FakeAgent(cp).join({ name: 'stranger' })
  expect(await stranger.resolveImage(replica, found('f'))).toBeNull()
  expect(await stranger.resolveImage({ ...replica, nodeId: stranger.id('stranger') }, found('f'))).toBeNull()
  await expect(agent.resolveImage(replica, { ...found('a'), digest: 'latest' })).rejects.toThrow(/sha256/)
  expect((await detail(id)).revisionImage).toBeNull()
})

test('a reference with a digest needs no resolution', async () => {
  const id = await deployed({ container_image: `team/app@${digest('c')}`, replicas: 1 })
  expect((await desiredOf(id)).map(({ imageContent }) => imageContent)).toEqual([{ digest: digest('c'), imageId: '' }])
})

test('redeploy makes a revision that is resolved anew, and the earlier one keeps its content even after a rollback', async () => {
  const id = await deployed({ replicas: 1 })
  for (const replica of await desiredOf(id)) await agent.resolveImage(replica, found('a'))
  await agent.obey()
  const { deployment } = await admin()
  const answer = await deployment.redeploy({ deployment_id: id, reason: 'new base image' })
  expect(answer).toMatchObject({ revision: 2, changes: [], status: 'pending' })
  await cp.schedule()
  const next = (await desiredOf(id)).find((replica) => replica.revision === 2)
  expect(next).toMatchObject({ imageContent: null, pullsAnew: true, resolvesImage: true, image: 'team/app' })
  if (next) await agent.resolveImage(next, found('b'))
  const images = (await deployment.revisions({ id })).map(({ revision, image }) => [revision, image?.digest])
  expect(images).toEqual([
    [2, digest('b')],
    [1, digest('a')],
  ])
  await deployment.rollback({ deployment_id: id, revision: 1 })
  expect((await detail(id)).revisionImage?.digest).toBe(digest('a'))
  const [entry] = await cp.sql<{ action: string }>(
    "select action from audit_log where action = 'deployment.redeploy'",
    [],
  )
  expect(entry).toBeDefined()
})

test('a tag that moved is shown on every deployment that runs its former content', async () => {
  const [old, other, cached] = [
    await deployed({ name: 'old', replicas: 1, container_image: 'team/app' }),
    await deployed({ name: 'other', replicas: 1, container_image: 'docker.io/team/app:latest' }),
    await deployed({ name: 'cached', replicas: 1, container_image: 'team/app' }),
  ]
  const resolve = async (id: string, what: ReturnType<typeof found>) => {
    for (const replica of await desiredOf(id)) await agent.resolveImage(replica, what)
  }
  await resolve(old, found('a'))
  expect((await detail(old)).revisionImage?.newer).toBeNull()
  await resolve(other, found('b'))
  expect((await detail(old)).revisionImage?.newer).toMatchObject({ digest: digest('b') })
  expect((await detail(other)).revisionImage?.newer).toBeNull()
  // An image from a node's cache says nothing about the registry.
  await resolve(cached, found('a', false))
  expect((await detail(other)).revisionImage?.newer).toBeNull()
})

test('an image without a digest is unverified', async () => {
  const id = await deployed({ replicas: 1 })
  for (const replica of await desiredOf(id))
    await agent.resolveImage(replica, { digest: null, imageId: digest('e'), fromRegistry: false })
  expect((await detail(id)).revisionImage).toMatchObject({ digest: digest('e'), verified: false })
})

test('an update to the same image under another spelling changes nothing, and the answer says what would', async () => {
  const id = await deployed({ replicas: 1 })
  const { deployment } = await admin()
  const answer = await deployment.update({ deployment_id: id, container_image: 'docker.io/team/app:latest' })
  expect(answer).toMatchObject({ revision: 1, changes: [] })
  expect(answer.message).toBe(
    'Nothing is different: no new revision was made. To run what docker.io/team/app:latest is in its registry now, redeploy',
  )
})
