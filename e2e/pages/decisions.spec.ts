/** What the scheduler decided and why, including the nodes it did not choose and the results under other weights. */

import { expect, patient, test } from '@/e2e/support/fixtures'
import { goByKeys } from '@/testing/pages'

test('the list leads to a decision with its record, its replay, and why not another node', async ({
  page,
  deploy,
  unique,
  rpc,
}) => {
  const id = await deploy({ replicas: 2 })
  await expect.poll(async () => (await rpc.deployment.detail.query({ id })).latestDecisionId, patient).not.toBeNull()
  await page.goto('/deployments')
  // The page does not react to keys before it is live.
  await expect(page.getByRole('status').filter({ hasText: 'Live' })).toBeVisible()
  await goByKeys(page, 'x', /\/decisions/)
  await expect(page.getByRole('heading', { level: 1, name: 'Decisions' })).toBeVisible()
  await page.getByRole('searchbox').fill(unique('app'))
  await expect(page).toHaveURL(/q=app-/)
  await page.getByRole('link', { name: unique('app'), exact: true }).click()
  await expect(page.getByRole('heading', { level: 1, name: `Decision on ${unique('app')}` })).toBeVisible()

  const chosen = page.getByRole('list', { name: 'Chosen nodes' })
  await expect(chosen.getByRole('link')).toHaveCount(2)
  await page.getByRole('button', { name: 'Replay' }).click()
  await expect(page.getByText('Replay matches the record exactly.')).toBeVisible()

  const { placement } = await rpc.decision.get.query({ id: new URL(page.url()).pathname.split('/').at(-1) ?? '' })
  const other = placement.best.find((verdict) => verdict.chosen === 0)?.nodeId ?? ''
  const last = placement.chosen.at(-1)?.nodeId ?? ''
  await page.getByRole('combobox', { name: 'Node', exact: true }).fill(other)
  await expect(page.getByText(new RegExp(`^${other} ranked 3 of \\d+ eligible nodes`))).toBeVisible()
  await expect(page.getByRole('region', { name: 'Comparison' }).getByRole('heading')).toHaveText(
    `${other} against ${last}`,
  )
  await expect(page).toHaveURL(new RegExp(`why=${other}`))
  await page.getByRole('combobox', { name: 'Node', exact: true }).fill('node-99')
  await expect(page.getByText('At that time, the fleet had no node called “node-99”.')).toBeVisible()
  // The twelve nodes of the demo fleet and the heading row, and perhaps nodes of other specs.
  const rows = page.getByRole('table', { name: /^Nodes by score/ }).getByRole('row')
  await expect.poll(() => rows.count(), patient).toBeGreaterThanOrEqual(13)
})

test('a decision is compared with its result under other weights', async ({ page, deploy, rpc }) => {
  const id = await deploy({ region: 'eu-west', policy: 'near' })
  await expect.poll(async () => (await rpc.deployment.detail.query({ id })).latestDecisionId, patient).not.toBeNull()
  const decision = (await rpc.deployment.detail.query({ id })).latestDecisionId ?? ''
  await page.goto(`/decisions/${decision}`)
  await expect(page.getByText('The same nodes would have been chosen.')).toBeVisible()
  const { changes } = await rpc.decision.whatIf.query({
    ids: [decision],
    policy: { weights: { resources: 1, load: 0, locality: 0 } },
  })
  const slider = page.getByRole('slider', { name: 'Resources' })
  await slider.focus()
  await page.keyboard.press('End')
  const after = changes[0]?.after[0]
  await expect(
    page.getByText(after ? `It would have been placed on ${after}.` : 'The same nodes would have been chosen.'),
  ).toBeVisible()
  await expect(page).toHaveURL(/policy=100-0-0/)
})

test('many decisions are replayed at once, and the page says how many would change', async ({
  page,
  deploy,
  unique,
  rpc,
}) => {
  const id = await deploy()
  await expect.poll(async () => (await rpc.deployment.detail.query({ id })).latestDecisionId, patient).not.toBeNull()
  await page.goto(`/decisions?tab=what-if&q=${unique('app')}&policy=pack`)
  await expect(page.getByText(/^[01] of 1 decision would change with 70 % resources/)).toBeVisible()
  await page.getByLabel('Policy', { exact: true }).selectOption('near')
  await expect(page.getByText(/would change with 15 % resources, 15 % load, 70 % locality\.$/)).toBeVisible()
})

test('an empty list says that nothing matches, and can be reset', async ({ page }) => {
  await page.goto('/decisions?q=no-such-deployment')
  await expect(page.getByText('No matches')).toBeVisible()
  await page.getByRole('link', { name: 'Show all decisions' }).click()
  await expect(page).toHaveURL(/\/decisions$/)
})

test.describe('a decision that does not exist', () => {
  test.use({ allowedOnConsole: [/status of 404/] })

  test('is reported, with a link to the list', async ({ page }) => {
    await page.goto('/decisions/01900000-0000-7000-8000-000000000000')
    await expect(page.getByText('Decision not found')).toBeVisible()
    await page.getByRole('link', { name: 'All decisions' }).click()
    await expect(page.getByRole('heading', { level: 1, name: 'Decisions' })).toBeVisible()
  })
})
