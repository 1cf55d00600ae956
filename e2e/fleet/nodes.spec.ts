/** The list of nodes, their load, and cordoning. */

import { expect, patient, test } from '@/e2e/support/fixtures'
import { fillDeployForm, statusOf } from '@/testing/pages'

test('the nodes show their load, which updates by itself', async ({ page }) => {
  await page.goto('/nodes')
  const table = page.getByRole('table', { name: 'Nodes' })
  for (const amount of ['CPU', 'Memory']) {
    const bars = table.getByRole('img', { name: new RegExp(`^${amount}.*: .+ reserved, \\d+ % in use$`) })
    await expect(bars.nth(11)).toBeVisible()
    const load = async () => (await bars.evaluateAll((all) => all.map((bar) => bar.ariaLabel))).join()
    const before = await load()
    await expect.poll(load, patient).not.toBe(before)
  }
})

test('the bars are wide enough at every width of the window', async ({ page }) => {
  await page.goto('/nodes')
  for (const width of [360, 640, 768, 1024, 1280, 1440, 1920]) {
    await page.setViewportSize({ width, height: 900 })
    const bars = page.getByRole('table', { name: 'Nodes' }).getByRole('img', { name: /reserved, \d+ % in use$/ })
    await expect(bars.first()).toBeVisible()
    const widths = await bars.evaluateAll((all) => all.map((bar) => bar.getBoundingClientRect().width))
    // Bars of columns that a narrow window hides are 0 wide.
    expect(Math.min(...widths.filter((one) => one > 0)), `at ${width} px`).toBeGreaterThan(36)
    expect(widths.filter((one) => one > 0).length, `at ${width} px`).toBeGreaterThanOrEqual(width < 640 ? 12 : 24)
  }
})

test('the nodes can be searched, filtered and sorted, and the address keeps the settings', async ({ page, rpc }) => {
  const nodes = await rpc.node.list.query()
  await page.goto('/nodes')
  const table = page.getByRole('table', { name: 'Nodes' })
  const links = table.locator('tbody').getByRole('link')
  await expect(links.nth(11)).toBeVisible()

  const inWest = nodes.filter(({ region }) => region === 'eu-west').map(({ nodeId }) => nodeId)
  await page.getByLabel('Region').selectOption('eu-west')
  await expect(links).toHaveText(inWest.sort())
  await table.getByRole('button', { name: 'Node', exact: true }).click()
  await expect(page).toHaveURL(/region=eu-west.*order=desc/)
  await expect(links).toHaveText(inWest.sort().reverse())
  await page.reload()
  await expect(links).toHaveText(inWest.sort().reverse())
  await page.goBack()
  await expect(links).toHaveText(inWest.sort())

  await page.goto('/nodes')
  await page.getByRole('searchbox').fill('arch=arm64')
  const arms = nodes.filter(({ labels }) => labels.arch === 'arm64').map(({ nodeId }) => nodeId)
  await expect(links).toHaveText(arms.sort())
  await page.getByRole('searchbox').fill('no such node')
  await expect(page.getByText('No matches')).toBeVisible()
  await page.getByRole('button', { name: 'Show all nodes' }).click()
  await expect(links.nth(11)).toBeVisible()
})

test('the page of a node shows its capacity, replicas and properties', async ({ page, deploy, unique, rpc }) => {
  const id = await deploy({ container_image: 'sim/ok' })
  await expect.poll(async () => (await rpc.deployment.detail.query({ id })).status, patient).toBe('running')
  const [replica] = (await rpc.deployment.detail.query({ id })).replicas
  const name = replica?.node.nodeId ?? ''
  await page.goto('/nodes')
  await page.getByRole('table', { name: 'Nodes' }).getByRole('link', { name, exact: true }).click()
  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible()
  await expect(statusOf(page, 'Active')).toBeVisible()
  await expect(statusOf(page, 'Accepts new replicas')).toBeVisible()
  await expect(page.getByRole('img', { name: /^CPU: .+ reserved, \d+ % in use$/ })).toBeVisible()
  await expect(page.getByRole('img', { name: /^Storage: .+ GiB.* reserved$/ })).toBeVisible()
  await expect(page.getByText('disk=')).toBeVisible()
  const row = page.getByRole('row').filter({ hasText: unique('app') })
  await expect(row).toContainText('Running')
  await rpc.deployment.delete.mutate({ deployment_id: id })
  await expect(row).toContainText('Stopped', patient)
  await expect(page.getByRole('table', { name: 'Events' })).toContainText(/join/i)
})

test('a cordoned node gets no replicas until it is uncordoned', async ({ page, unique, rpc }) => {
  const name = unique('around')
  const small = { resources: { cpu: 0.5, memory: 512 }, region: 'eu-central' }
  const preview = await rpc.placement.preview.query({ replicas: 1, ...small })
  const best = preview.placement.chosen[0]?.nodeId ?? ''
  const id = preview.placement.chosen[0]?.id ?? ''
  try {
    await page.goto('/nodes')
    const row = page
      .getByRole('table', { name: 'Nodes' })
      .getByRole('row')
      .filter({ has: page.getByRole('link', { name: best, exact: true }) })
    await row.getByRole('button', { name: `Cordon ${best}` }).click()
    await expect(row).toContainText('Cordoned')
    await page.getByRole('button', { name: /^Cordoned\s*1$/ }).click()
    await expect(page.locator('tbody').getByRole('link')).toHaveText([best])

    const others = (await rpc.node.list.query()).filter(({ ineligible }) => ineligible === null).length
    await page.goto('/deployments/new')
    await fillDeployForm(page, { name, image: 'sim/ok', cpu: 0.5, region: 'eu-central', replicas: others })
    const shown = page.getByRole('region', { name: 'Placement preview' })
    await expect(shown.getByText(`Fits: ${others} replicas on ${others} nodes`)).toBeVisible()
    await expect(shown.getByRole('button', { name: 'Cordoned 1 node', exact: true })).toBeVisible()
    await expect(shown.getByRole('listitem').filter({ hasText: best })).toContainText(/cordoned/i)
    await page.getByRole('button', { name: 'Deploy', exact: true }).click()
    await expect(page.getByText(`${others}/${others} running`)).toBeVisible(patient)
    const replicas = page.getByRole('table', { name: 'Replicas' })
    await expect(replicas.getByRole('row')).toHaveCount(others + 1)
    await expect(replicas.getByRole('link', { name: best, exact: true })).toHaveCount(0)

    // Uncordoned on its own page, the node gets the next replica.
    await page.goto(`/nodes/${id}`)
    await expect(statusOf(page, 'Cordoned')).toBeVisible()
    await page.getByRole('button', { name: 'Uncordon' }).click()
    await expect(statusOf(page, 'Accepts new replicas')).toBeVisible()
    const { items } = await rpc.deployment.page.query({ search: name })
    await page.goto(`/deployments/${items[0]?.id}`)
    await page.getByRole('button', { name: 'Scale', exact: true }).click()
    await page.getByRole('button', { name: 'One more' }).click()
    await page.getByRole('button', { name: 'Scale', exact: true }).click()
    await expect(page.getByText(`${others + 1}/${others + 1} running`)).toBeVisible(patient)
    await expect(replicas.getByRole('link', { name: best, exact: true })).toHaveCount(1)
  } finally {
    await rpc.node.cordon.mutate({ id, cordoned: false })
  }
})

test('Undo takes a cordon back', async ({ page, rpc }) => {
  const node = (await rpc.node.list.query()).find(({ cordoned, stale }) => !cordoned && !stale)
  if (!node) throw new Error('There is no node to cordon')
  try {
    await page.goto(`/nodes/${node.id}`)
    await page.getByRole('button', { name: 'Cordon' }).click()
    await expect(statusOf(page, 'Cordoned')).toBeVisible()
    await page
      .getByRole('status')
      .filter({ hasText: `${node.nodeId} cordoned` })
      .getByRole('button', { name: 'Undo' })
      .click()
    await expect(statusOf(page, 'Accepts new replicas')).toBeVisible()
    const events = page.getByRole('table', { name: 'Events' })
    await expect(events.getByRole('row').nth(1)).toContainText(/uncordoned/i)
    await expect(events.getByRole('row').nth(2)).toContainText(/cordoned/i)
  } finally {
    await rpc.node.cordon.mutate({ id: node.id, cordoned: false })
  }
})
