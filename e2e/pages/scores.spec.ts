/** The scores page: how well each node suits a request, and why. */

import { expect, test } from '@/e2e/support/fixtures'
import { goByKeys } from '@/testing/pages'

const table = /^Nodes by score/

test('every node is ranked for the typed request, which the address keeps', async ({ page }) => {
  await page.goto('/deployments')
  // The page does not react to keys before it is live.
  await expect(page.getByRole('status').filter({ hasText: 'Live' })).toBeVisible()
  await goByKeys(page, 's', /\/scores/)
  await expect(page.getByRole('heading', { level: 1, name: 'Scores' })).toBeVisible()
  const rows = page.getByRole('table', { name: table }).getByRole('row')
  // The demo fleet and the heading row; other tests add nodes.
  await expect.poll(() => rows.count()).toBeGreaterThanOrEqual(13)
  await page.getByLabel('Replicas', { exact: true }).fill('2')
  await page.getByLabel('Region', { exact: true }).fill('eu-west')
  await expect(page.getByText(/^Fits: 2 replicas on \S+ and \S+$/)).toBeVisible()
  await expect(page).toHaveURL(/replicas=2.*region=eu-west|region=eu-west.*replicas=2/)
  await expect(rows.nth(1).getByRole('cell').nth(1)).toHaveText('1')
  await expect(rows.nth(1)).toContainText('chosen')
  await expect(rows.nth(1).getByRole('img', { name: /^Score 0\.\d+: resources .* load .* locality / })).toBeVisible()
  // The winner has no gap to itself, the next node has one.
  await expect(rows.nth(2)).toContainText(/[−+]0\.\d{3}/)

  await page.reload()
  await expect(page.getByLabel('Region', { exact: true })).toHaveValue('eu-west')
  await expect(page.getByText(/^Fits: 2 replicas on/)).toBeVisible()
})

test('two nodes are compared', async ({ page }) => {
  await page.goto('/scores?region=us-west')
  await page.getByLabel('Compare node-01').check()
  await page.getByLabel('Compare node-02').check()
  await expect(page).toHaveURL(/compare=node-01,node-02/)
  const comparison = page.getByRole('region', { name: 'Comparison' })
  await expect(comparison.getByRole('heading')).toHaveText('node-01 against node-02')
  for (const name of ['Rank', 'Score', 'Resources', 'Load', 'Locality', 'CPU free', 'Last heartbeat', 'Distance'])
    await expect(comparison.getByRole('rowheader', { name, exact: true })).toBeVisible()
  await page.getByLabel('Compare node-03').check()
  await expect(comparison.getByRole('heading')).toHaveText('node-02 against node-03')
  await comparison.getByRole('button', { name: 'Clear' }).click()
  await expect(comparison).toBeHidden()
})

test('weights are moved with the keyboard, add up to 100 %, and can be saved only by an administrator', async ({
  page,
  rpc,
}) => {
  const before = (await rpc.settings.get.query()).policy
  try {
    await page.goto('/scores')
    const slider = page.getByRole('slider', { name: 'Locality' })
    await expect(slider).toHaveValue('30')
    await slider.focus()
    await page.keyboard.press('End')
    await expect(slider).toHaveValue('100')
    await expect(page.getByRole('slider', { name: 'Resources' })).toHaveValue('0')
    await page.keyboard.press('ArrowLeft')
    await expect(page).toHaveURL(/policy=1-0-99|policy=0-1-99/)
    expect((await rpc.settings.get.query()).policy).toEqual(before)

    await page.getByRole('button', { name: 'Make default' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Make default' }).click()
    await expect(page.getByRole('dialog')).toBeHidden()
    expect((await rpc.settings.get.query()).policy.weights.locality).toBe(0.99)
    await page.getByRole('button', { name: 'Undo' }).click()
    await expect.poll(async () => (await rpc.settings.get.query()).policy.weights).toEqual(before.weights)
  } finally {
    await rpc.settings.setPolicy.mutate({ policy: 'spread' })
  }
})

test('the request of an existing deployment can be ranked without typing it', async ({ page, deploy, unique }) => {
  const id = await deploy({ replicas: 2, resources: { cpu: 1.5, memory: 2048 }, region: 'us-east' })
  await page.goto(`/scores?deployment=${id}`)
  await expect(page.getByRole('link', { name: unique('app') })).toBeVisible()
  await expect(page.getByLabel('CPU', { exact: true })).toHaveValue('1.5')
  await expect(page.getByLabel('Region', { exact: true })).toHaveValue('us-east')
  await expect(page.getByText(/^Fits: 2 replicas on/)).toBeVisible()
})

test('mistakes are shown at their fields, and the previous ranking stays', async ({ page }) => {
  await page.goto('/scores')
  await expect(page.getByText(/^Fits: 1 replica on/)).toBeVisible()
  await page.getByLabel('CPU', { exact: true }).fill('99')
  await expect(page.getByText('CPU must be between 0.5 and 16 cores')).toBeVisible()
  await page.getByLabel('Label rules').fill('fast')
  await expect(page.getByText('“fast” is not a rule')).toBeVisible()
  await expect(page.getByRole('table', { name: table })).toBeVisible()
})
