/** The overview and the list of events. */
import { expect, patient, test } from '@/e2e/support/fixtures'

test('problems come first, and their causes are one click away', async ({ page, rpc, unique }) => {
  const name = unique('too-big')
  const { deployment_id } = await rpc.deployment.deploy.mutate({
    name,
    type: 'compute',
    container_image: 'sim/ok',
    replicas: 50,
    resources: { cpu: 16, memory: 16_384 },
  })
  await page.goto('/')
  const why = page.getByRole('link', { name: `See why: ${name}` })
  await expect(why).toBeVisible(patient)
  await why.click()
  await expect(page).toHaveURL(new RegExp(`/deployments/${deployment_id}\\?tab=decision`))
  await expect(page.getByText(/^Insufficient nodes: need 50/).first()).toBeVisible()
  // A problem that is solved leaves the overview without a reload.
  await page.goto('/')
  await expect(why).toBeVisible()
  await rpc.deployment.delete.mutate({ deployment_id })
  await expect(why).toHaveCount(0, patient)
})

test('a region links to its nodes', async ({ page }) => {
  await page.goto('/')
  const regions = page.getByRole('table', { name: 'Capacity by region' })
  const region = (await regions.getByRole('link').first().textContent()) ?? ''
  await regions.getByRole('link').first().click()
  await expect(page).toHaveURL(new RegExp(`/nodes\\?region=${region}$`))
  await expect(page.getByRole('table', { name: 'Nodes' })).toBeVisible()
})

test('events can be filtered by target, and the address keeps the filter', async ({ page, deploy, rpc }) => {
  const id = await deploy()
  const { name } = await rpc.deployment.detail.query({ id })
  await page.goto('/events')
  const table = page.getByRole('table', { name: 'Events, newest first' })
  await page.getByLabel('Target: a name').fill(name)
  await expect(page).toHaveURL(new RegExp(`about=${name}`))
  await expect(table.getByRole('row').filter({ hasText: 'Pending' }).first()).toContainText(name)
  await page.getByRole('button', { name: 'Users' }).click()
  const row = table.getByRole('row').filter({ hasText: 'Deployed' })
  await expect(row).toContainText('image: sim/ok')
  await page.reload()
  await expect(page.getByLabel('Target: a name')).toHaveValue(name)
  await expect(row).toBeVisible()
  await page.getByLabel('Target: a name').fill('no-such-thing')
  await expect(page.getByText('No matches')).toBeVisible()
})

test('a deployment whose health check fails is marked, even in the list of a narrow window', async ({
  page,
  deploy,
  rpc,
}) => {
  const id = await deploy({ container_image: 'sim/unhealthy' })
  const { name } = await rpc.deployment.detail.query({ id })
  await page.goto('/')
  await expect(page.getByRole('link', { name: `View logs: ${name}` })).toBeVisible(patient)
  await expect(page.getByText('1 of 1 replica fails the health check').first()).toBeVisible()
  await page.setViewportSize({ width: 360, height: 740 })
  await page.goto(`/deployments?q=${name}`)
  const row = page.getByRole('row').filter({ hasText: name })
  // The container restarts again and again: unhealthy, degraded in between, failed at the end, and never simply
  // running.
  await expect(row.getByText(/^(Unhealthy|Degraded|Failed)$/).filter({ visible: true })).toHaveCount(1)
  await expect(row.getByText('Running', { exact: true }).filter({ visible: true })).toHaveCount(0)
  await page.goto('/')
  const named = page.getByRole('link', { name: `View logs: ${name}` })
  await rpc.deployment.delete.mutate({ deployment_id: id })
  await expect(named).toHaveCount(0, patient)
})
