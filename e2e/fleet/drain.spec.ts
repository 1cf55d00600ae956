/**
 * Nodes that are drained, and where their replicas go. Uses a product of its own, because missing nodes would disturb
 * every other spec.
 */

import { test as base, expect, patient, type Rpc, sessionFrom, tokenFrom } from '@/e2e/support/fixtures'
import { statusOf } from '@/testing/pages'
import { Product } from '@/testing/product'

const longMs = 400_000

const test = base.extend<object, { product: Product }>({
  product: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of what a fixture needs
    async ({}, use) => {
      const product = await Product.prepare({ name: 'e2e-drain', fleet: 'demo' })
      await product.start()
      await use(product)
      await product.remove()
    },
    { scope: 'worker', timeout: longMs },
  ],
  baseURL: ({ product }, use) => use(product.url),
  adminToken: [
    async ({ playwright, product }, use) =>
      use(await tokenFrom(playwright, product.url, { username: 'admin', password: product.password })),
    { scope: 'worker' },
  ],
  adminSession: [
    async ({ playwright, product }, use) =>
      use(await sessionFrom(playwright, product.url, { username: 'admin', password: product.password })),
    { scope: 'worker' },
  ],
})

// In sequence, since each test takes nodes out of the fleet.
test.describe.configure({ mode: 'default', timeout: longMs })

const runs = async (rpc: Rpc, id: string): Promise<void> => {
  await expect.poll(async () => (await rpc.deployment.detail.query({ id })).status, patient).toBe('running')
}

const nodeNamed = async (rpc: Rpc, name: string) => {
  const node = (await rpc.node.list.query()).find(({ nodeId }) => nodeId === name)
  if (!node) throw new Error(`There is no node ${name}`)
  return node
}

test("a drained node's replicas go where the preview said", async ({ page, rpc, deploy }) => {
  const id = await deploy({ container_image: 'sim/ok' })
  await runs(rpc, id)
  const [before] = (await rpc.deployment.detail.query({ id })).replicas
  const node = await nodeNamed(rpc, before?.node.nodeId ?? '')
  const name = (await rpc.deployment.detail.query({ id })).name
  try {
    await page.goto(`/nodes/${node.id}`)
    await page.getByRole('button', { name: 'Drain', exact: true }).click()
    const dialog = page.getByRole('dialog', { name: `Drain ${node.nodeId}?` })
    await expect(dialog.getByText(/Everything fits elsewhere: \d+ replicas? would move\./)).toBeVisible()
    const row = dialog.getByRole('listitem').filter({ hasText: name })
    const target = /node-\d+/.exec((await row.textContent())?.split('→')[1] ?? '')?.[0] ?? ''
    expect(target).not.toBe(node.nodeId)
    await dialog.getByRole('button', { name: 'Drain', exact: true }).click()
    await expect(page.getByText('Drained. Nothing runs here.')).toBeVisible(patient)
    await expect(statusOf(page, 'Drained')).toBeVisible()
    await expect(page.getByRole('table', { name: 'Events' })).toContainText('drained')

    await page.goto(`/deployments/${id}`)
    await expect(statusOf(page, 'Running')).toBeVisible(patient)
    await expect(page.getByRole('table', { name: 'Replicas', exact: true }).getByRole('row')).toHaveCount(2, patient)
    await expect(
      page.getByRole('table', { name: 'Replicas', exact: true }).getByRole('link', { name: target, exact: true }),
    ).toBeVisible()
    // It ran all the time: its status never changed.
    const { deployment } = await rpc.deployment.timeline.query({ id })
    expect(deployment.map(({ newStatus }) => newStatus)).toEqual(['pending', 'scheduled', 'running'])

    await page.goto(`/nodes/${node.id}`)
    await page.getByRole('button', { name: 'Uncordon' }).click()
    await expect(statusOf(page, 'Accepts new replicas')).toBeVisible(patient)
  } finally {
    await rpc.node.undrain.mutate({ id: node.id })
  }
})

test('a drain that cannot finish says what blocks it, and ends in maintenance once it can', async ({
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
    await expect(dialog.getByText(/would stay until there is capacity/)).toBeVisible()
    await expect(dialog.getByRole('listitem').filter({ hasText: name })).toContainText(/Cordoned: \d+ nodes/)
    await dialog.getByRole('checkbox', { name: 'Then start maintenance' }).check()
    await dialog.getByRole('button', { name: 'Drain', exact: true }).click()

    const leaving = page.getByRole('table', { name: 'Replicas leaving this node' })
    const row = leaving.getByRole('row').filter({ hasText: name })
    await expect(row).toContainText('No room', patient)
    await expect(row).toContainText(`Moving replica 1 off ${node.nodeId}: Insufficient nodes: need 1, found 0`)
    await expect(row).toContainText(/Cordoned: \d+ nodes/)
    expect(await rpc.deployment.detail.query({ id })).toMatchObject({ status: 'running', runningReplicas: 1 })

    for (const other of others) await rpc.node.cordon.mutate({ id: other.id, cordoned: false })
    await expect(statusOf(page, 'Maintenance')).toBeVisible(patient)
    await page.getByRole('button', { name: 'End maintenance' }).click()
    await expect(statusOf(page, 'Accepts new replicas')).toBeVisible(patient)
  } finally {
    for (const other of others) await rpc.node.cordon.mutate({ id: other.id, cordoned: other.cordoned })
    await rpc.node.undrain.mutate({ id: node.id })
  }
})

test('several nodes are selected and drained together, and the address keeps the selection', async ({ page, rpc }) => {
  const [one, other] = (await rpc.node.list.query()).filter(({ ineligible }) => ineligible === null)
  if (!one || !other) throw new Error('Too few nodes take replicas')
  try {
    await page.goto('/nodes')
    for (const { nodeId } of [one, other]) await page.getByRole('checkbox', { name: `Select ${nodeId}` }).check()
    await expect(page).toHaveURL(new RegExp(`selected=${one.nodeId},${other.nodeId}`))
    await page.reload()
    const bar = page.getByRole('region', { name: 'Selected nodes' })
    await expect(bar).toContainText('2 nodes selected', patient)
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
