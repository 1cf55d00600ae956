/** Replicas on the move: nodes that are drained, deployments that are updated and rolled back. */
import type { Page } from '@playwright/test'
import { expect, patient, type Rpc, test } from './fixtures'
import { openTab, statusOf } from './pages'

// These drain nodes of the fleet that all tests share.
test.describe.configure({ mode: 'serial' })

const runs = async (rpc: Rpc, id: string): Promise<void> => {
  await expect.poll(async () => (await rpc.deployment.detail.query({ id })).status, patient).toBe('running')
}

const nodeNamed = async (rpc: Rpc, name: string) => {
  const node = (await rpc.node.list.query()).find(({ nodeId }) => nodeId === name)
  if (!node) throw new Error(`There is no node ${name}`)
  return node
}

const replicasTable = (page: Page) => page.getByRole('table', { name: 'Replicas', exact: true })

test('a node is drained: the preview says where its replicas go, and there they go', async ({ page, rpc, deploy }) => {
  const id = await deploy({ container_image: 'sim/ok' })
  await runs(rpc, id)
  const [before] = (await rpc.deployment.detail.query({ id })).replicas
  const node = await nodeNamed(rpc, before?.node.nodeId ?? '')
  const name = (await rpc.deployment.detail.query({ id })).name
  try {
    await page.goto(`/nodes/${node.id}`)
    await page.getByRole('button', { name: 'Drain', exact: true }).click()
    const dialog = page.getByRole('dialog', { name: `Drain ${node.nodeId}?` })
    await expect(dialog.getByText(/All of it has a place: \d+ replicas? would move\./)).toBeVisible()
    const row = dialog.getByRole('listitem').filter({ hasText: name })
    const target = /node-\d+/.exec((await row.textContent())?.split('→')[1] ?? '')?.[0] ?? ''
    expect(target).not.toBe(node.nodeId)
    await dialog.getByRole('button', { name: 'Drain', exact: true }).click()
    await expect(page.getByText('Nothing is left on it.')).toBeVisible(patient)
    await expect(statusOf(page, 'Drained')).toBeVisible()
    await expect(page.getByRole('table', { name: 'Events' })).toContainText('drained')

    await page.goto(`/deployments/${id}`)
    await expect(statusOf(page, 'Running')).toBeVisible()
    await expect(replicasTable(page).getByRole('row')).toHaveCount(2, patient)
    await expect(replicasTable(page).getByRole('link', { name: target, exact: true })).toBeVisible()
    // It ran all the time: its status never changed.
    const { deployment } = await rpc.deployment.timeline.query({ id })
    expect(deployment.map(({ newStatus }) => newStatus)).toEqual(['pending', 'scheduled', 'running'])

    await page.goto(`/nodes/${node.id}`)
    await page.getByRole('button', { name: 'Take replicas again' }).click()
    await expect(statusOf(page, 'Takes new replicas')).toBeVisible()
  } finally {
    await rpc.node.undrain.mutate({ id: node.id })
  }
})

test('a drain that can not finish says what stands in the way, and ends in maintenance when it can', async ({
  page,
  rpc,
  deploy,
}) => {
  const node = (await rpc.node.list.query()).find(({ ineligible }) => ineligible === null)
  if (!node) throw new Error('No node takes replicas')
  const others = (await rpc.node.list.query()).filter(({ id }) => id !== node.id)
  for (const { id } of others) await rpc.node.cordon.mutate({ id, cordoned: true })
  try {
    const id = await deploy({ container_image: 'sim/ok' })
    await runs(rpc, id)
    const { name } = await rpc.deployment.detail.query({ id })
    await page.goto(`/nodes/${node.id}`)
    await page.getByRole('button', { name: 'Drain', exact: true }).click()
    const dialog = page.getByRole('dialog')
    await expect(dialog.getByText(/would stay until there is room/)).toBeVisible()
    await expect(dialog.getByRole('listitem').filter({ hasText: name })).toContainText(/Cordoned: \d+ nodes/)
    await dialog.getByRole('checkbox', { name: 'Then put into maintenance' }).check()
    await dialog.getByRole('button', { name: 'Drain', exact: true }).click()

    const leaving = page.getByRole('table', { name: 'Replicas that leave this node' })
    const row = leaving.getByRole('row').filter({ hasText: name })
    await expect(row).toContainText('No room', patient)
    await expect(row).toContainText(`Moving replica 1 off ${node.nodeId}: Insufficient nodes: need 1, found 0`)
    await expect(row).toContainText(/Cordoned: \d+ nodes/)
    expect(await rpc.deployment.detail.query({ id })).toMatchObject({ status: 'running', runningReplicas: 1 })

    for (const other of others) await rpc.node.cordon.mutate({ id: other.id, cordoned: false })
    await expect(statusOf(page, 'Maintenance')).toBeVisible(patient)
    await page.getByRole('button', { name: 'End maintenance' }).click()
    await expect(statusOf(page, 'Takes new replicas')).toBeVisible()
  } finally {
    for (const other of others) await rpc.node.cordon.mutate({ id: other.id, cordoned: other.cordoned })
    await rpc.node.undrain.mutate({ id: node.id })
  }
})

test('several nodes are marked and drained together, and the address keeps which', async ({ page, rpc }) => {
  const [one, other] = (await rpc.node.list.query()).filter(({ ineligible }) => ineligible === null)
  if (!one || !other) throw new Error('Too few nodes take replicas')
  try {
    await page.goto('/nodes')
    for (const { nodeId } of [one, other]) await page.getByRole('checkbox', { name: `Select ${nodeId}` }).check()
    await expect(page).toHaveURL(new RegExp(`selected=${one.nodeId},${other.nodeId}`))
    await page.reload()
    const bar = page.getByRole('region', { name: 'Selected nodes' })
    await expect(bar).toContainText('2 nodes selected')
    await bar.getByRole('button', { name: 'Drain' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Drain', exact: true }).click()
    await expect(bar).toHaveCount(0)
    for (const { nodeId } of [one, other])
      await expect(
        page.getByRole('row').filter({ has: page.getByRole('link', { name: nodeId, exact: true }) }),
      ).toContainText(/Drain/)
    await page.getByRole('button', { name: 'Undo' }).click()
    await expect
      .poll(async () => (await rpc.node.list.query()).filter(({ draining }) => draining).length, patient)
      .toBe(0)
  } finally {
    for (const { id } of [one, other]) await rpc.node.undrain.mutate({ id })
  }
})

test('a deployment is updated from its page and rolled back, each revision with what it changed', async ({
  page,
  rpc,
  deploy,
}) => {
  const id = await deploy({ container_image: 'sim/ok', replicas: 2, env: { LEVEL: 'info' } })
  await runs(rpc, id)
  await page.goto(`/deployments/${id}`)
  await page.getByRole('link', { name: 'Update' }).click()
  await expect(page.getByText('Nothing yet: the form is as the deployment is.')).toBeVisible()
  await page.getByLabel('Container image').fill('sim/ok:2')
  await page.getByLabel('Why').fill('a new version')
  const changes = page.getByRole('region', { name: 'What changes' })
  await expect(changes.getByRole('listitem')).toHaveText([/image\s*sim\/ok\s*sim\/ok:2/])
  await page.getByRole('button', { name: 'Update', exact: true }).click()

  await expect(page).toHaveURL(`/deployments/${id}`)
  await expect(page.getByText('sim/ok:2')).toBeVisible()
  await expect(statusOf(page, 'Running')).toBeVisible(patient)
  await expect.poll(async () => running(rpc, id), patient).toEqual([2, 2])
  await openTab(page, 'History')
  await expect(page.getByText('Updating to revision 2: image sim/ok → sim/ok:2 (a new version)')).toBeVisible()

  await openTab(page, 'Revisions')
  const revisions = page.getByRole('list', { name: 'Revisions, newest first' })
  await expect(revisions.getByText('wanted')).toHaveCount(1)
  await page.getByRole('button', { name: 'Roll back to 1' }).click()
  await page.getByRole('dialog').getByLabel('Why').fill('it was better before')
  await page.getByRole('dialog').getByRole('button', { name: 'Roll back', exact: true }).click()
  await expect.poll(async () => running(rpc, id), patient).toEqual([1, 1])
  await expect(statusOf(page, 'Running')).toBeVisible(patient)
  await openTab(page, 'History')
  await expect(page.getByText('Rolled back to revision 1 from 2 (it was better before)')).toBeVisible()
})

test('an update to an image that can not be had halts, and what ran goes on running', async ({ page, rpc, deploy }) => {
  const id = await deploy({ container_image: 'sim/ok', replicas: 2 })
  await runs(rpc, id)
  const before = (await rpc.deployment.detail.query({ id })).replicas.map((replica) => replica.containerId).sort()
  await rpc.deployment.update.mutate({ deployment_id: id, container_image: 'sim/fail-pull' })
  await page.goto(`/deployments/${id}`)
  await expect(statusOf(page, 'Failed')).toBeVisible(patient)
  await expect(
    page.getByText(/^Update to revision 2 halted: replica 1 failed 3 times: .+; revision 1 keeps running$/),
  ).toBeVisible()
  await expect(page.getByText('2/2 running')).toBeVisible()
  await openTab(page, 'Revisions')
  await page.getByRole('button', { name: 'Roll back to 1' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Roll back', exact: true }).click()
  await expect(statusOf(page, 'Running')).toBeVisible(patient)
  const { replicas } = await rpc.deployment.detail.query({ id })
  const live = replicas.filter(({ reserved, wanted }) => reserved && wanted === 'run')
  expect(live.map((replica) => replica.containerId).sort()).toEqual(before)
})

test('a deployment is stopped and started again with as many replicas', async ({ page, rpc, deploy }) => {
  const id = await deploy({ container_image: 'sim/ok', replicas: 2 })
  await runs(rpc, id)
  await page.goto(`/deployments/${id}`)
  await page.getByRole('button', { name: 'Stop', exact: true }).click()
  await expect(statusOf(page, 'Stopped')).toBeVisible(patient)
  await page.getByRole('button', { name: 'Start', exact: true }).click()
  await expect(page.getByText('2/2 running')).toBeVisible(patient)
})

/** The revisions of the replicas that are wanted and run. */
const running = async (rpc: Rpc, id: string): Promise<number[]> => {
  const { replicas } = await rpc.deployment.detail.query({ id })
  return replicas
    .filter(({ status, wanted, reserved }) => reserved && status === 'running' && wanted === 'run')
    .map(({ revision }) => revision)
}
