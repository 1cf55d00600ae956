/** Failure drills: asked and answered, with nothing changed. */

import { expect, patient, type Rpc, test } from '@/e2e/support/fixtures'
import { goByKeys } from '@/testing/pages'

/** Deploys one replica into a region of three nodes, and returns where it runs. */
async function placed(rpc: Rpc, deploy: (overrides?: object) => Promise<string>) {
  const id = await deploy({ container_image: 'sim/ok', region: 'us-east', policy: 'near' })
  const detail = () => rpc.deployment.detail.query({ id })
  await expect.poll(async () => (await detail()).status, patient).toBe('running')
  const { name, replicas } = await detail()
  const node = replicas[0]?.node
  if (!node) throw new Error(`${name} has no replica`)
  return { id, name, node }
}

test('a region is picked with the keyboard alone, the outcome comes first, and the address keeps the selection', async ({
  page,
  rpc,
  deploy,
}) => {
  const { id, name, node } = await placed(rpc, deploy)
  await page.goto('/')
  await expect(page.getByRole('status').filter({ hasText: 'Live' })).toBeVisible()
  await goByKeys(page, 'f', /\/drill$/)
  await expect(page.getByText(/^Pick a region or some nodes/)).toBeVisible()

  await page.keyboard.press('/')
  await page.keyboard.type(node.region)
  await expect(page.getByRole('option', { name: new RegExp(`^Region ${node.region}`) })).toBeVisible()
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(new RegExp(`/drill\\?region=${node.region}$`))
  const outcome = page.getByText(
    new RegExp(
      `^If ${node.region} failed and outage protection was overridden: \\d+ deployments? keeps? running, \\d+ moves?, \\d+ do(es)? not fit`,
    ),
  )
  await expect(outcome).toBeVisible(patient)
  // A whole region of several nodes that fails at once looks like a network outage.
  await expect(page.getByText('Outage protection would become active:')).toBeVisible()
  await expect(page.getByRole('table', { name: 'Capacity by region, now and after' })).toContainText('→ 0')

  const table = page.getByRole('table', { name: /^Outcome for each deployment/ })
  const toggle = table.getByRole('button', { name: `Outcome for ${name}` })
  await toggle.press('Enter')
  const moved = page.getByRole('list', { name: `Replicas of ${name} there` })
  await expect(moved).toContainText(`${node.nodeId} →`)
  await expect(moved.getByText(/score 0\.\d{3}/)).toBeVisible()
  await page.reload()
  await expect(outcome).toBeVisible(patient)
  await expect(moved).toContainText(`${node.nodeId} →`)

  await page.getByRole('button', { name: 'While active' }).press('Enter')
  await expect(table.getByRole('row').filter({ hasText: name })).toContainText('Held')
  await page.goBack()
  await expect(table.getByRole('row').filter({ hasText: name })).toContainText('Moves')

  const field = page.getByRole('combobox', { name: 'Nodes, regions and zones' })
  await field.press('Backspace')
  await expect(page.getByText(/^Pick a region or some nodes/)).toBeVisible()
  // The replica still runs where it ran, as its first attempt.
  const { status, replicas } = await rpc.deployment.detail.query({ id })
  expect([status, replicas.map((replica) => replica.node.id)]).toEqual(['running', [node.id]])
})

test('nodes are added and removed, and a drain can be tried as well', async ({ page, rpc, deploy }) => {
  const { name, node } = await placed(rpc, deploy)
  await page.goto(`/drill?node=${node.nodeId}`)
  await expect(page.getByText(new RegExp(`^If ${node.nodeId} failed: `))).toBeVisible(patient)
  const row = page.getByRole('table', { name: /^Outcome for each deployment/ }).getByRole('row', { name })
  await expect(row).toContainText('down until replaced')

  await page.getByRole('button', { name: 'Drain', exact: true }).click()
  await expect(page.getByText(new RegExp(`^If ${node.nodeId} was drained: `))).toBeVisible(patient)
  await expect(row).toContainText('1 of 1')
  await expect(page.getByText('Each replica keeps running until its replacement is up.')).toBeVisible()

  const other = (await rpc.node.list.query()).find(({ id }) => id !== node.id)?.nodeId ?? ''
  const field = page.getByRole('combobox', { name: 'Nodes, regions and zones' })
  await field.fill(other)
  await page.getByRole('option', { name: new RegExp(`^Node ${other}`) }).click()
  await expect(page.getByText(new RegExp(`^If ${node.nodeId} and ${other} were drained: `))).toBeVisible(patient)
  await page.getByRole('button', { name: `Remove node ${node.nodeId}` }).press('Enter')
  await expect(field).toBeFocused()
  await expect(page.getByText(new RegExp(`^If ${other} was drained: `))).toBeVisible(patient)
})

test('a node, selected nodes and a region link to their drill', async ({ page, rpc }) => {
  const [one, other] = (await rpc.node.list.query()).filter(({ nodeId }) => /^node-0[1-6]$/.test(nodeId))
  await page.goto(`/nodes/${one?.id}`)
  await page.getByRole('link', { name: 'What if it failed?' }).click()
  await expect(page.getByText(new RegExp(`^If ${one?.nodeId} failed: `))).toBeVisible(patient)

  await page.goto(`/nodes?selected=${one?.nodeId},${other?.nodeId}`)
  await page.getByRole('button', { name: 'What if they failed?' }).click()
  await expect(page.getByText(new RegExp(`^If ${one?.nodeId} and ${other?.nodeId} failed: `))).toBeVisible(patient)

  await page.goto('/')
  await page.getByRole('link', { name: 'Drill: what if eu-west failed?' }).click()
  await expect(page.getByText(/^If eu-west failed/)).toBeVisible(patient)
})

test.describe('an address with a node that is not there', () => {
  test.use({ allowedOnConsole: [/status of 400/] })

  test('says which node is unknown, and offers the field to correct it', async ({ page }) => {
    await page.goto('/drill?node=no-such-node')
    await expect(page.getByText(/There is no node no-such-node/)).toBeVisible(patient)
    await page.getByRole('button', { name: 'Remove node no-such-node' }).click()
    await expect(page.getByText(/^Pick a region or some nodes/)).toBeVisible()
  })
})
