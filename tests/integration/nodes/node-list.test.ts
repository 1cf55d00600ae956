import { afterAll, beforeAll, expect, test } from 'vitest'
import { nodeStates, stateOf } from '@/core/nodes/list'
import { readNodeMap } from '@/core/nodes/map'
import { FakeAgent, type TestControlPlane, testControlPlane } from '@/testing/control-plane'

let cp: TestControlPlane
let admin: Awaited<ReturnType<TestControlPlane['as']>>

beforeAll(async () => {
  cp = await testControlPlane()
  admin = await cp.as('admin')
  await new FakeAgent(cp).join(
    { name: 'node-10', region: 'us-east', cpuCores: 8, labels: { disk: 'ssd', site: 'lab' } },
    { name: 'node-2', region: 'eu-west', labels: { disk: 'hdd' } },
    { name: 'Node-1', region: 'us-east', type: 'gpu_node' },
    { name: 'kiosk_7', region: 'eu-west', engine: 'docker' },
    { name: 'node-3b', region: 'ap-south' },
    { name: 'node-3a', region: 'ap-south' },
  )
})
afterAll(() => cp.close())

type Request = Parameters<typeof admin.node.page>[0]
const names = async (request: Request) => (await admin.node.page(request)).nodes.map((node) => node.nodeId)

test('nodes are in natural order, regardless of case', async () => {
  expect(await names({})).toEqual(['kiosk_7', 'Node-1', 'node-2', 'node-3a', 'node-3b', 'node-10'])
  expect((await names({ sort_order: 'desc' }))[0]).toBe('node-10')
})

test('a page is a window onto the list and includes the total', async () => {
  const { nodes, total } = await admin.node.page({ limit: 2, offset: 2 })
  expect(nodes.map((node) => node.nodeId)).toEqual(['node-2', 'node-3a'])
  expect(total).toBe(6)
})

test('each filter selects what it names, and combined filters select the intersection', async () => {
  expect(await names({ region: 'eu-west' })).toEqual(['kiosk_7', 'node-2'])
  expect(await names({ type: 'gpu_node' })).toEqual(['Node-1'])
  expect(await names({ label: 'disk=ssd' })).toEqual(['node-10'])
  expect(await names({ label: 'disk' })).toEqual(['node-2', 'node-10'])
  expect(await names({ kind: 'real' })).toEqual(['kiosk_7'])
  expect(await names({ search: 'SITE=LAB' })).toEqual(['node-10'])
  expect(await names({ search: '_' })).toEqual(['kiosk_7', 'Node-1', 'node-2', 'node-3a', 'node-3b', 'node-10'])
  // An underscore is a plain character in a search, not a wildcard: every type of node has one.
  expect(await names({ search: 'k_7' })).toEqual(['kiosk_7'])
  expect(await names({ region: 'eu-west', label: 'disk=hdd', search: 'node' })).toEqual(['node-2'])
  expect(await admin.node.page({ region: 'nowhere' })).toMatchObject({ nodes: [], total: 0 })
})

test('ties are in the order of names, in both directions', async () => {
  expect(await names({ sort_by: 'region' })).toEqual(['node-3a', 'node-3b', 'kiosk_7', 'node-2', 'Node-1', 'node-10'])
  expect(await names({ sort_by: 'region', sort_order: 'desc' })).toEqual([
    'Node-1',
    'node-10',
    'kiosk_7',
    'node-2',
    'node-3a',
    'node-3b',
  ])
})

test('the map has every matching node by region and name, with its data', async () => {
  const { text, counts } = await admin.node.map({ region: 'us-east' })
  const { nodes } = await admin.node.page({ region: 'us-east' })
  expect(readNodeMap(text)).toEqual(
    nodes.map((node) => ({
      id: node.id,
      nodeId: node.nodeId,
      region: 'us-east',
      state: 'ready',
      cpuPercent: 0,
      memoryPercent: 0,
      replicas: 0,
    })),
  )
  expect(counts.ready).toBe(2)
  expect(readNodeMap((await admin.node.map({})).text).map((node) => node.nodeId)).toEqual(
    (await admin.node.page({ sort_by: 'region' })).nodes.map((node) => node.nodeId),
  )
  expect(readNodeMap((await admin.node.map({ region: 'nowhere' })).text)).toEqual([])
})

test('the facets are the values that can be filtered by', async () => {
  expect(await admin.node.facets()).toEqual({
    total: 6,
    regions: ['ap-south', 'eu-west', 'us-east'],
    types: ['compute_node', 'gpu_node'],
    labels: ['disk=hdd', 'disk=ssd', 'site=lab'],
    kinds: ['real', 'simulated'],
  })
})

test('a search for names lists first those that begin with the text', async () => {
  const found = await admin.node.find({ text: 'NODE-1' })
  expect(found.map((node) => node.nodeId)).toEqual(['Node-1', 'node-10'])
  expect(await admin.node.find({ text: 'no such' })).toEqual([])
})

test('every combination of flags has the same state in SQL as on the pages, and sorts and counts by it', async () => {
  await cp.sql(
    `insert into nodes (id, node_id, region, status, cordoned, draining, last_heartbeat, cpu_cores, memory_mb, storage_gb, credential_hash, updated_at)
     select gen_random_uuid(), 'combined-' || row_number() over (), 'combined', status, cordoned, draining, beat, 4, 4096, 100, '', now()
     from unnest(array['idle', 'active', 'busy', 'offline', 'maintenance']) status, unnest(array[true, false]) cordoned,
       unnest(array[true, false]) draining, unnest(array[now(), now() - interval '1 hour', null]) beat`,
  )
  const seen = new Set<string>()
  for (const state of nodeStates) {
    const { nodes, total } = await admin.node.page({ region: 'combined', state, limit: 500 })
    expect(nodes.map(stateOf)).toEqual(nodes.map(() => state))
    expect(nodes).toHaveLength(total)
    for (const node of nodes) seen.add(node.id)
  }
  expect(seen.size).toBe(60)
  const sorted = await admin.node.page({ region: 'combined', sort_by: 'status', limit: 500 })
  const ranks = sorted.nodes.map((node) => nodeStates.indexOf(stateOf(node)))
  expect(ranks).toEqual([...ranks].sort((a, b) => a - b))
  const drawn = readNodeMap((await admin.node.map({ region: 'combined' })).text)
  const stateById = new Map(sorted.nodes.map((node) => [node.id, stateOf(node)]))
  expect(drawn.map((node) => node.state)).toEqual(drawn.map((node) => stateById.get(node.id)))
  expect(drawn.every((node) => node.cpuPercent === null)).toBe(true)
  expect(Object.values(sorted.counts).reduce((sum, count) => sum + count, 0)).toBe(60)
})

test('replicas and heartbeats sort by value, with a node that never reported as the oldest', async () => {
  await cp.sql(`update nodes set last_heartbeat = null where node_id = 'node-3a'`)
  const oldest = await admin.node.page({ sort_by: 'heartbeat', limit: 1, search: 'node-3' })
  expect(oldest.nodes[0]?.nodeId).toBe('node-3a')
  const { deployment_id } = await admin.deployment.deploy({
    name: 'held',
    type: 'compute',
    container_image: 'nginx',
    replicas: 1,
    resources: { cpu: 1, memory: 1024 },
    constraints: [{ key: 'disk', op: '=', values: ['ssd'] }],
  })
  await cp.schedule()
  expect((await admin.deployment.detail({ id: deployment_id })).replicas[0]?.node.nodeId).toBe('node-10')
  const [first] = (await admin.node.page({ sort_by: 'replicas', sort_order: 'desc' })).nodes
  expect(first).toMatchObject({ nodeId: 'node-10', liveReplicas: 1 })
  expect((await names({ sort_by: 'cpu', sort_order: 'desc' }))[0]).toBe('node-10')
})
