/**
 * The placement rules of a deployment, from the form to the explanation, and the default policy that administrators
 * set.
 */
import type { Page } from '@playwright/test'
import { expect, patient, test } from '@/e2e/support/fixtures'
import { fillDeployForm, openTab, statusOf } from '@/testing/pages'

const preview = (page: Page) => page.getByRole('region', { name: 'Placement preview' })
const openAdvanced = (page: Page) => page.locator('summary').filter({ hasText: 'Advanced' }).click()

async function requireSameNodeAs(page: Page, name: string): Promise<void> {
  await openAdvanced(page)
  await page.getByRole('button', { name: 'Add a deployment' }).click()
  await page.getByLabel('Rule for deployment 1').selectOption('Require the same')
  await page.getByLabel('Name of deployment 1').fill(name)
}

test('a deployment is placed on the node of another one, and every node is explained', async ({
  page,
  deploy,
  unique,
  rpc,
}) => {
  const db = await deploy({ name: unique('db') })
  await expect.poll(async () => (await rpc.deployment.detail.query({ id: db })).status, patient).toBe('running')
  const at = (await rpc.deployment.detail.query({ id: db })).replicas[0]?.node.nodeId ?? ''
  await page.goto('/deployments/new')
  await fillDeployForm(page, { name: unique('near-db'), image: 'sim/ok', cpu: 0.5 })
  await requireSameNodeAs(page, unique('db'))
  await page.getByRole('button', { name: 'Add a preference' }).click()
  await page.getByLabel('Label of preference 1').fill('no-such-label')
  await page.getByLabel('Comparison of preference 1').selectOption('exists')
  await expect(preview(page).getByText('Fits: 1 replica on 1 node')).toBeVisible()
  await expect(preview(page).getByRole('link', { name: at })).toBeVisible()
  await expect(preview(page).getByText('Preferences × 0.33')).toBeVisible()
  await page.getByRole('button', { name: 'Deploy', exact: true }).click()
  await expect(statusOf(page, 'Running')).toBeVisible(patient)
  await expect(page.getByText(`has to be on the same node as ${unique('db')}`)).toBeVisible()

  await openTab(page, 'Decision')
  await page.getByRole('button', { name: `Details of ${at}` }).click()
  await expect(page).toHaveURL(new RegExp(`node=${at}`))
  await expect(page.getByText('Rank 1 of 1, chosen.')).toBeVisible()
  await expect(page.getByText(`a replica of ${unique('db')} is on it`)).toBeVisible()
  await expect(page.getByText('it can run containers')).toBeVisible()
  await expect(page.getByText('weight 50, value 0.000')).toBeVisible()
  await page.reload()
  await expect(page.getByText('Rank 1 of 1, chosen.')).toBeVisible()
  // A refused node is explained, too. Groups are collapsed when nodes of other tests make the list long.
  const group = page.getByRole('button', { name: /^Missing a required deployment/ })
  if ((await group.getAttribute('aria-expanded')) === 'false') await group.click()
  await page
    .getByRole('button', { name: /^Details of/ })
    .last()
    .click()
  await expect(page.getByText('is not cordoned')).toBeVisible()
})

test.describe('a preview that no longer holds', () => {
  // The browser logs that the server answered 409, which is the point of this test.
  test.use({ allowedOnConsole: [/status of 409/] })

  test('is reported on submit, and a second press deploys', async ({ page, deploy, unique, rpc }) => {
    const db = await deploy({ name: unique('db') })
    await expect.poll(async () => (await rpc.deployment.detail.query({ id: db })).status, patient).toBe('running')
    await page.goto('/deployments/new')
    await fillDeployForm(page, { name: unique('late'), image: 'sim/ok', cpu: 0.5 })
    await requireSameNodeAs(page, unique('db'))
    // The preview without the rule reads the same.
    await expect(preview(page).locator('[aria-busy="true"]')).toHaveCount(0)
    await expect(preview(page).getByText('Fits: 1 replica on 1 node')).toBeVisible()
    // From here on the page gets no more answers to previews, as over a slow connection. (A request may be a batch of
    // several calls.)
    await page.route(/\/api\/trpc\/[^?]*placement\.preview/, () => undefined)
    await rpc.deployment.scale.mutate({ deployment_id: db, replicas: 0 })
    await expect.poll(async () => (await rpc.deployment.detail.query({ id: db })).status, patient).toBe('stopped')
    await page.getByRole('button', { name: 'Deploy', exact: true }).click()
    await expect(page.getByText(/^It fitted a moment ago and does not any more: need 1, found 0/)).toBeVisible()
    await expect(page).toHaveURL(/\/deployments\/new$/)
    await page.getByRole('button', { name: 'Deploy', exact: true }).click()
    await expect(statusOf(page, 'Failed')).toBeVisible(patient)
  })
})

test('the default policy is tried on past decisions, saved and reset', async ({ page, deploy, rpc }) => {
  const id = await deploy()
  await expect.poll(async () => (await rpc.deployment.detail.query({ id })).status, patient).toBe('running')
  const { policy } = await rpc.settings.get.query()
  expect(policy.name).toBe('spread')
  await page.goto('/admin/settings')
  await page.getByLabel(/^custom/).check()
  await page.getByLabel('Load', { exact: true }).fill('0.9')
  await page.getByRole('button', { name: 'Save policy' }).click()
  await expect(page.getByText('The weights must add up to 1; these add up to 1.6')).toBeVisible()
  expect((await rpc.settings.get.query()).policy).toEqual(policy)

  await page.getByLabel(/^pack/).check()
  await page.getByRole('button', { name: 'Try on past decisions' }).click()
  await expect(page.getByText(/of the newest \d+ decisions? would change/)).toBeVisible()
  await page.getByRole('button', { name: 'Save policy' }).click()
  await expect(page.getByText('Now: pack.')).toBeVisible()
  await page.getByRole('button', { name: 'Undo' }).click()
  await expect(page.getByText('Now: spread.')).toBeVisible()
  await expect(page.getByLabel(/^spread/)).toBeChecked()

  await page.getByLabel('Keep decisions for').fill('0')
  await page.getByRole('button', { name: 'Save retention' }).click()
  await expect(page.getByText('A whole number of days from 1 to 3650')).toBeVisible()
  await page.getByLabel('Keep decisions for').fill('30')
  await page.getByRole('button', { name: 'Save retention' }).click()
  await expect(page.getByText('their inputs are kept for 30 days')).toBeVisible()
  expect((await rpc.settings.get.query()).decisionRetentionDays).toBe(30)
})
