/** From the form to running containers, and every way in which a deployment can be refused. */
import type { Locator, Page } from '@playwright/test'
import { expect, patient, test } from '@/e2e/support/fixtures'
import { fillDeployForm, goByKeys, openTab, statusOf } from '@/testing/pages'

test('web-api is deployed from the form and becomes running on the open page', async ({ page, unique, rpc }) => {
  const name = unique('web-api')
  await page.goto('/deployments')
  await page.getByRole('link', { name: 'New deployment' }).first().click()
  await fillDeployForm(page, {
    name,
    image: 'nginx:latest',
    replicas: 3,
    region: 'us-east',
    cpu: 2,
    memory: 2048,
    storage: 20,
  })
  const preview = page.getByRole('region', { name: 'Placement preview' })
  await expect(preview.getByText('Fits: 3 replicas on 3 nodes')).toBeVisible()
  await expect(preview.getByRole('img', { name: /^Score 0\.\d+: resources .* load .* locality / })).toHaveCount(6)

  // From here on the page is never reloaded.
  await page.evaluate(() => Object.assign(window, { stillTheSamePage: true }))
  await page.getByRole('button', { name: 'Deploy', exact: true }).click()
  await expect(page).toHaveURL(/\/deployments\/[0-9a-f-]{36}$/)
  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible()
  await expect(statusOf(page, 'Running')).toBeVisible(patient)
  await expect(page.getByText('All 3 replicas started')).toBeVisible()
  await expect(page.getByText('3/3 running')).toBeVisible()

  const replicas = page.getByRole('table', { name: 'Replicas' }).getByRole('row')
  await expect(replicas.filter({ hasText: 'Running' })).toHaveCount(3)
  const id = new URL(page.url()).pathname.split('/').at(-1) ?? ''
  const nodes = (await rpc.deployment.detail.query({ id })).replicas.map(({ node }) => node.nodeId)
  expect(new Set(nodes).size).toBe(3)
  for (const node of nodes) await expect(replicas.filter({ hasText: node })).toHaveCount(1)

  await openTab(page, 'Decision')
  await expect(page.getByText(`Placed 3 on ${nodes.join(', ')}.`)).toBeVisible()
  const scores = page.getByRole('table', { name: /^Scores of the eligible nodes/ })
  await expect(scores.getByRole('img', { name: /^Score 0\.\d+/ }).nth(3)).toBeVisible()
  await expect(scores.getByRole('row').filter({ hasText: 'chosen' })).toHaveCount(3)
  await scores.getByRole('button', { name: `Details of ${nodes[0]}` }).click()
  await expect(page.getByText('CPU free of')).toBeVisible()

  await openTab(page, 'Timeline')
  for (const phase of ['scheduled', 'running'])
    await expect(page.locator(`[data-timeline] [data-phase="${phase}"]`)).toHaveCount(3)
  await page.getByRole('button', { name: 'Table' }).click()
  const running = page.getByRole('cell', { name: 'Running', exact: true })
  const steps = page.getByRole('table', { name: /^Replica events/ }).getByRole('row')
  await expect(steps.filter({ has: running })).toHaveCount(3)

  await openTab(page, 'History')
  const history = page.getByRole('table', { name: /^Status changes/ }).getByRole('row')
  // Newest first, below the heading row.
  await expect(history.nth(1)).toContainText(/Scheduled.*Running/)
  await expect(history.nth(2)).toContainText(/Pending.*Scheduled/)
  await expect(history.nth(3)).toContainText(/New.*Pending.*admin/)
  await expect(history).toHaveCount(4)
  expect(await page.evaluate(() => 'stillTheSamePage' in window)).toBe(true)
})

test('the list shows a deployment that somebody else creates', async ({ page, deploy, unique, rpc }) => {
  await page.goto('/deployments')
  await page.getByRole('searchbox').fill(unique('app'))
  await expect(page.getByText('No matches')).toBeVisible()
  const id = await deploy({ container_image: 'sim/slow:5s', replicas: 2 })
  const row = page
    .getByRole('table', { name: 'Deployments' })
    .getByRole('row')
    .filter({ hasText: unique('app') })
  await expect(row).toContainText('Scheduled', patient)
  await expect(row).toContainText('Running', patient)
  await expect(row).toContainText('2/2')
  await rpc.deployment.delete.mutate({ deployment_id: id })
  await expect(row).toHaveCount(0, patient)
})

test('the preview says what cannot fit, with the reasons and with changes that would help', async ({
  page,
  unique,
}) => {
  await page.goto('/deployments/new')
  await fillDeployForm(page, { name: unique('too-big'), image: 'nginx', replicas: 10, cpu: 8, memory: 16384 })
  const preview = page.getByRole('region', { name: 'Placement preview' })
  await expect(preview.getByText(/^Insufficient nodes: need 10, found \d with capacity$/)).toBeVisible()
  await expect(page.getByText('This does not fit the fleet right now and would fail.')).toBeVisible()
  // How many nodes each filter refused, and how much each of them lacks.
  await expect(preview.getByText(/^Too little CPU: \d+ nodes · Too little memory: \d+ nodes$/)).toBeVisible()
  await expect(preview.getByRole('button', { name: /^Too little CPU \d+ nodes$/ })).toBeVisible()
  await expect(preview.getByText('needs 8 cores, 4 are free of 4').first()).toBeVisible()
  await expect(preview.getByText('4 cores short').first()).toBeVisible()

  const suggestion = preview.getByRole('listitem').filter({ hasText: /^Ask for \d replicas instead of 10/ })
  const fewer = Number(/\d+/.exec((await suggestion.textContent()) ?? '')?.[0])
  await suggestion.getByRole('button', { name: 'Apply' }).click()
  await expect(page.getByLabel('Replicas', { exact: true })).toHaveValue(String(fewer))
  await expect(preview.getByText(`Fits: ${fewer} replicas on ${fewer} nodes`)).toBeVisible()
  await expect(page.getByText('This does not fit the fleet right now and would fail.')).toBeHidden()
})

test('the page of a deployment explains why it does not fit', async ({ page, unique }) => {
  await page.goto('/deployments/new')
  await fillDeployForm(page, { name: unique('too-big'), image: 'nginx', replicas: 10, cpu: 8, memory: 16384 })
  await expect(page.getByText('This does not fit the fleet right now and would fail.')).toBeVisible()
  await page.getByRole('button', { name: 'Deploy', exact: true }).click()
  await expect(statusOf(page, 'Failed')).toBeVisible(patient)
  const why = page.getByText(/^Insufficient nodes: need 10, found \d with capacity$/)
  await expect(why.first()).toBeVisible()
  await page.getByRole('link', { name: 'See why, and how to make it fit' }).click()
  await expect(page.getByText(/^Too little CPU: \d+ nodes · Too little memory: \d+ nodes$/)).toBeVisible()
  await expect(page.getByText('Any one of these would make it fit:')).toBeVisible()
  await expect(page.getByText(/^Ask for \d replicas instead of 10$/)).toBeVisible()
  await expect(page.getByRole('heading', { name: /^\d+ ineligible nodes$/ })).toBeVisible()
  await expect(page.getByRole('button', { name: /^Too little CPU \d+ nodes$/ })).toBeVisible()
  await expect(page.getByText('8 GiB of memory short').first()).toBeVisible()

  // A suggestion leads to the update form with its values filled in. Nothing changes before somebody presses Update.
  const fewer = page.getByRole('link', { name: /^Apply: Ask for \d replicas instead of 10$/ })
  const replicas = /Ask for (\d)/.exec((await fewer.getAttribute('aria-label')) ?? '')?.[1] ?? ''
  await fewer.click()
  await expect(page.getByLabel('Replicas', { exact: true })).toHaveValue(replicas)
  await expect(page.getByRole('list', { name: 'Changes' })).toHaveText(new RegExp(`^replicas10.*${replicas}$`))
  await expect(page.getByRole('button', { name: 'Update', exact: true })).toBeEnabled()
})

test('a deployment that waits for capacity is shown as pending, and placed once there is capacity', async ({
  page,
  unique,
  deploy,
  rpc,
}) => {
  // One of the two GPUs of the fleet is taken.
  const gpu = { cpu: 0.5, memory: 512, gpu: 1 }
  const taker = await deploy({ name: unique('taker'), resources: gpu })
  await expect.poll(async () => (await rpc.deployment.detail.query({ id: taker })).status, patient).toBe('running')
  await page.goto('/deployments/new')
  await fillDeployForm(page, { name: unique('patient'), image: 'sim/ok', replicas: 2, gpu: 1 })
  await page.getByLabel('Wait for capacity').check()
  const preview = page.getByRole('region', { name: 'Placement preview' })
  await expect(preview.getByText('It stays pending until there is capacity.')).toBeVisible()
  await page.getByRole('button', { name: 'Deploy', exact: true }).click()
  await expect(page.getByText(/^waiting for capacity for/)).toBeVisible(patient)
  await expect(statusOf(page, 'Pending')).toBeVisible()
  await rpc.deployment.delete.mutate({ deployment_id: taker })
  await expect(statusOf(page, 'Running')).toBeVisible(patient)
})

test('text typed before the page is interactive is not lost', async ({ page }) => {
  let arrive: () => void = () => undefined
  const scripts = new Promise<void>((resolve) => {
    arrive = resolve
  })
  await page.route(/\/_next\/static\/.*\.js/, async (route) => {
    await scripts
    await route.continue()
  })
  await page.goto('/deployments/new', { waitUntil: 'commit' })
  const name = page.getByLabel('Name', { exact: true })
  await expect(name).toBeVisible()
  const filled = name.fill('early-bird')
  arrive()
  await filled
  await expect(page.getByRole('status').filter({ hasText: 'Live' })).toBeVisible()
  await expect(name).toHaveValue('early-bird')
})

test('mistakes are shown at their fields before anything is sent', async ({ page }) => {
  const sent: string[] = []
  page.on('request', (request) => {
    if (request.url().includes('deployment.deploy')) sent.push(request.url())
  })
  await page.goto('/deployments/new')
  await fillDeployForm(page, {
    name: 'not a name',
    image: 'Not An Image',
    replicas: 101,
    region: 'us east',
    cpu: 0.25,
    memory: 100,
    storage: 0,
    gpu: 'many',
  })
  await page.getByRole('button', { name: 'Deploy', exact: true }).click()
  const field = (label: string) => page.getByLabel(label, { exact: true })
  await expectMistake(field('Name'), /letters, digits, _ and -/)
  await expectMistake(field('Container image'), /./)
  await expectMistake(field('Replicas'), 'Replicas must be between 1 and 100')
  await expectMistake(field('Region'), /1 to 63 letters/)
  await expectMistake(field('CPU'), 'CPU must be between 0.5 and 16 cores')
  await expectMistake(field('Memory'), 'Memory must be between 512 and 16384 MiB')
  await expectMistake(field('Storage'), 'Storage must be between 1 and 1000 GiB')
  await expectMistake(field('GPU'), 'GPU must be a number')
  // The first invalid field has the focus, and its error disappears as soon as it is corrected.
  await expect(field('Name')).toBeFocused()
  await field('Name').fill('a-name')
  await expect(field('Name')).not.toHaveAttribute('aria-invalid', 'true')
  expect(sent).toEqual([])
})

test.describe('errors that only the server finds', () => {
  // The browser logs that the server answered 400, which is the point of this test.
  test.use({ allowedOnConsole: [/status of 400/] })

  test('are shown at their fields, too', async ({ page, unique }) => {
    // The request is changed on its way, so that the real server gets what the form would have refused.
    await page.route('**/api/trpc/deployment.deploy*', async (route) => {
      const body = JSON.parse(route.request().postData() ?? '{}') as Record<string, unknown>
      const wrong = { replicas: 1000, container_image: 'Not An Image', resources: { cpu: 99, memory: 512 } }
      await route.continue({ postData: JSON.stringify({ ...body, ...wrong }) })
    })
    await page.goto('/deployments/new')
    await fillDeployForm(page, { name: unique('refused'), image: 'nginx' })
    await page.getByRole('button', { name: 'Deploy', exact: true }).click()
    await expectMistake(page.getByLabel('Replicas', { exact: true }), 'Replicas must be between 1 and 100')
    await expectMistake(page.getByLabel('CPU', { exact: true }), 'CPU must be between 0.5 and 16 cores')
    await expectMistake(page.getByLabel('Container image', { exact: true }), /./)
    await expect(page).toHaveURL(/\/deployments\/new$/)
  })
})

test('a deployment can be created with the keyboard alone', async ({ page, unique }) => {
  const name = unique('by-keys')
  await page.goto('/deployments')
  // The page does not react to keys before it is live.
  await expect(page.getByRole('status').filter({ hasText: 'Live' })).toBeVisible()
  await goByKeys(page, 'c', /\/deployments\/new$/)
  await tabTo(page, page.getByLabel('Name', { exact: true }))
  await page.keyboard.type(name)
  await tabTo(page, page.getByLabel('Container image'))
  await page.keyboard.type('sim/ok')
  await tabTo(page, page.getByLabel('Region'))
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await expect(page.getByLabel('Region')).not.toHaveValue('')
  await tabTo(page, page.getByLabel('Memory'))
  await page.keyboard.type('1024')
  await expect(page.getByLabel('Memory')).toHaveValue('1024')
  await tabTo(page, page.getByRole('button', { name: 'Deploy', exact: true }))
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/\/deployments\/[0-9a-f-]{36}$/)
  await expect(statusOf(page, 'Running')).toBeVisible(patient)
  await tabTo(page, page.getByRole('tab', { name: 'Placement' }))
  await page.keyboard.press('ArrowRight')
  await expect(page.getByRole('tab', { name: 'Decision' })).toHaveAttribute('aria-selected', 'true')

  await goByKeys(page, 'd', /\/deployments$/)
  await expect(page.getByRole('table', { name: 'Deployments' })).toBeVisible()
  await page.keyboard.press('/')
  await page.keyboard.type(name)
  await expect(page).toHaveURL(/q=by-keys/)
  await page.keyboard.press('Escape')
  await expect(page).toHaveURL(/\/deployments$/)
  await page.keyboard.press('Escape')
  const row = page.getByRole('link', { name, exact: true })
  for (let steps = 0; !(await row.evaluate((link) => link === document.activeElement)); steps++) {
    expect(steps, 'rows before the one just made').toBeLessThan(50)
    await page.keyboard.press('j')
  }
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/\/deployments\/[0-9a-f-]{36}$/)
  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible()
})

async function expectMistake(field: Locator, message: string | RegExp): Promise<void> {
  await expect(field).toHaveAttribute('aria-invalid', 'true')
  await expect(field).toHaveAccessibleDescription(message)
}

/** Presses Tab until `target` has the focus. Each element on the way must show that it has the focus. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  await expect(target).toBeVisible()
  for (let presses = 0; presses < 60; presses += 1) {
    if (await target.evaluate((element) => element === document.activeElement)) return
    await page.keyboard.press('Tab')
  }
  throw new Error(`Tab does not lead to ${target}`)
}
