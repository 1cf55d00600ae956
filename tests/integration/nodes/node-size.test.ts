import { afterEach, beforeEach, expect, test } from 'vitest'
import { aDeployment, FakeAgent, type TestControlPlane, testControlPlane } from '@/testing/control-plane'

let cp: TestControlPlane
let agent: FakeAgent

beforeEach(async () => {
  cp = await testControlPlane()
  agent = new FakeAgent(cp)
})
afterEach(() => cp.close())

const admin = () => cp.as('admin')
const node = async () => (await admin()).node.get({ id: agent.id('node-01') })
const resized = async () => (await node()).events.filter(({ kind }) => kind === 'resized').map(({ detail }) => detail)
const sizeNow = async () => {
  const { capacity, reserved } = await node()
  return [capacity.cpuMillis, reserved.cpuMillis, capacity.memoryMb, reserved.memoryMb]
}

async function deploy(overrides: Record<string, unknown>): Promise<string> {
  const { deployment_id: id } = await (await admin()).deployment.deploy(aDeployment(overrides))
  await settle()
  return id
}

async function remove(id: string): Promise<void> {
  await (await admin()).deployment.delete({ deployment_id: id })
  await settle()
}

async function settle(): Promise<void> {
  for (let round = 0; round < 3; round++) {
    await cp.schedule()
    await agent.obey()
  }
}

const statuses = (...ids: string[]) =>
  Promise.all(ids.map(async (id) => (await (await admin()).deployment.detail({ id })).status))

test('a machine that returns smaller than its reservations keeps them, takes its new labels, and gets nothing new', async () => {
  await agent.join({ name: 'node-01', cpuCores: 4, memoryMb: 8192 })
  const [a, b, c] = [await deploy({}), await deploy({}), await deploy({})]
  await agent.join({ name: 'node-01', cpuCores: 1.5, memoryMb: 2560, labels: { rack: 'a' } })
  const text =
    'This machine reported 1.5 cores, 2.5 GiB of memory, but its replicas reserve 3 cores, 3 GiB of memory: no new replicas until they fit'
  expect(await node()).toMatchObject({
    labels: { rack: 'a' },
    status: 'busy',
    ineligible: text,
    tooSmall: text,
  })
  expect(await resized()).toEqual([text])
  expect(await sizeNow()).toEqual([3000, 3000, 3072, 3072])
  const small = { cpu: 0.5, memory: 512, gpu: 0, storage: 1 }
  const waiting = await deploy({ resources: small, wait_for_capacity: true })
  expect(await statuses(a, b, c, waiting)).toEqual(['running', 'running', 'running', 'pending'])

  await remove(a)
  expect(await sizeNow()).toEqual([2000, 2000, 2560, 2048])
  expect((await node()).tooSmall).toBe(
    'This machine reported 1.5 cores, but its replicas reserve 2 cores: no new replicas until they fit',
  )
  expect(await statuses(b, c, waiting)).toEqual(['running', 'running', 'pending'])

  await remove(b)
  expect(await sizeNow()).toEqual([1500, 1500, 2560, 1536])
  expect(await node()).toMatchObject({ tooSmall: null, labels: { rack: 'a' } })
  expect(await statuses(c, waiting)).toEqual(['running', 'running'])
  expect((await resized())[0]).toBe(
    'Counts as 1.5 cores, 2.5 GiB memory, 100 GiB storage now. What is reserved fits the size that this machine reported',
  )
  await expect(cp.sql('update nodes set reserved_cpu_millis = 1501')).rejects.toThrow('nodes_reserved_cpu_check')
})

test('while a machine is too small, a reservation beyond its counted capacity is refused as usual', async () => {
  await agent.join({ name: 'node-01', cpuCores: 4, gpuUnits: 2 })
  const resources = { cpu: 1, memory: 1024, gpu: 1, storage: 10 }
  await deploy({ resources })
  await deploy({ resources })
  await agent.join({ name: 'node-01', cpuCores: 1, gpuUnits: 1, storageGb: 10 })
  for (const [column, check] of [
    ['reserved_cpu_millis', 'cpu'],
    ['reserved_storage_gb', 'storage'],
    ['reserved_gpu', 'gpu'],
  ])
    await expect(cp.sql(`update nodes set ${column} = ${column} + 1`)).rejects.toThrow(`nodes_reserved_${check}_check`)
})

test('a machine that lacks only GPUs still gets replicas without one', async () => {
  await agent.join({ name: 'node-01', gpuUnits: 1 })
  const withGpu = await deploy({ resources: { cpu: 1, memory: 1024, gpu: 1, storage: 10 } })
  await agent.join({ name: 'node-01', gpuUnits: 0 })
  expect(await node()).toMatchObject({
    ineligible: null,
    tooSmall: 'This machine reported no GPU, but its replicas reserve 1 GPU: no new replicas with a GPU until they fit',
  })
  const without = await deploy({})
  expect(await statuses(withGpu, without)).toEqual(['running', 'running'])
})

test('a machine that returns larger gets its new capacity at once, even after it was too small', async () => {
  await agent.join({ name: 'node-01', cpuCores: 2 })
  const [a, b] = [await deploy({}), await deploy({})]
  const waiting = await deploy({ wait_for_capacity: true })
  await agent.join({ name: 'node-01', cpuCores: 1 })
  expect(await statuses(a, b, waiting)).toEqual(['running', 'running', 'pending'])
  await agent.join({ name: 'node-01', cpuCores: 8 })
  expect(await node()).toMatchObject({ status: 'active', tooSmall: null, capacity: { cpuMillis: 8000 } })
  await settle()
  expect(await statuses(a, b, waiting)).toEqual(['running', 'running', 'running'])
})
