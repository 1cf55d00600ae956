/** The history page: where everything was at any moment, found with the keyboard. */
import type { Page } from '@playwright/test'
import { expect, patient, type Rpc, test } from '@/e2e/support/fixtures'
import { goByKeys } from '@/testing/pages'

const slider = (page: Page) => page.getByRole('slider', { name: 'Time' })
const pastBar = (page: Page) => page.getByRole('region', { name: /^Viewing / })
const momentOf = (page: Page): string | null => new URL(page.url()).searchParams.get('at')

/** Presses a key and waits until the page shows the moment that the key leads to. */
async function press(page: Page, key: string, shows: string): Promise<void> {
  const before = await slider(page).getAttribute('aria-valuetext')
  await slider(page).press(key)
  await expect(slider(page)).not.toHaveAttribute('aria-valuetext', before ?? '')
  await expect
    .poll(() => page.getByRole('region', { name: shows }).getAttribute('data-at'))
    .toBe(await settledMoment(page))
}

/** The address changes once the slider rests. */
async function settledMoment(page: Page): Promise<string | null> {
  const message = await slider(page).getAttribute('aria-valuetext')
  await expect(pastBar(page).getByRole('time')).toHaveText(message ?? '')
  return momentOf(page)
}

/** The node of each replica, by replica number. */
const places = async (rpc: Rpc, id: string): Promise<Map<number, string>> =>
  new Map(
    (await rpc.deployment.detail.query({ id })).replicas
      .filter(({ status }) => status === 'running')
      .map(({ slot, node }) => [slot, node.nodeId]),
  )

test('a deployment that was scaled and deleted is found where it was, by keyboard', async ({ page, deploy, rpc }) => {
  const id = await deploy({ replicas: 3 })
  await expect.poll(async () => (await places(rpc, id)).size, patient).toBe(3)
  const were = await places(rpc, id)
  await rpc.deployment.scale.mutate({ deployment_id: id, replicas: 1 })
  await expect.poll(async () => (await places(rpc, id)).size, patient).toBe(1)
  await rpc.deployment.delete.mutate({ deployment_id: id })
  await expect.poll(async () => (await places(rpc, id)).size, patient).toBe(0)

  await page.goto(`/deployments/${id}?tab=timeline`)
  const panel = page.getByRole('region', { name: 'At this time' })
  const rows = panel.getByRole('row').filter({ hasText: 'Running' })
  await expect(slider(page)).toHaveAttribute('aria-valuetext', 'now')
  await expect(pastBar(page)).toBeHidden()

  await press(page, 'Home', 'At this time')
  await expect(panel).toContainText('Pending')
  await expect(panel).toContainText('3 replicas desired')
  await expect(panel).toContainText('No replicas at this time')
  await expect(pastBar(page)).toBeVisible()

  for (let steps = 0; (await rows.count()) < 3; steps++) {
    expect(steps, 'steps to the moment at which three ran').toBeLessThan(40)
    await press(page, 'ArrowRight', 'At this time')
  }
  for (const [slot, nodeId] of were) await expect(rows.filter({ hasText: nodeId })).toContainText(String(slot + 1))

  // The Placement tab shows the same moment; Back returns to the present.
  const at = momentOf(page)
  await page.getByRole('tab', { name: 'Placement' }).click()
  await expect(page.getByRole('table', { name: 'Replicas at this time' }).getByRole('row')).toHaveCount(4)
  expect(momentOf(page)).toBe(at)
  // The address follows the page with a short delay.
  await expect(page).not.toHaveURL(/tab=/)
  await page.reload()
  await expect(page.getByRole('table', { name: 'Replicas at this time' }).getByRole('row')).toHaveCount(4)
  await page.getByRole('button', { name: 'Back to live' }).click()
  await expect(pastBar(page)).toBeHidden()
  await expect(page.getByRole('table', { name: 'Replicas', exact: true })).toContainText('Stopped')
  await expect(page.getByRole('table', { name: 'Replicas at this time' })).toHaveCount(0)

  // The fleet at that moment, on the map and in the table, includes what ran there.
  await page.goto(`/history?view=table&at=${at}`)
  const fleet = page.getByRole('table', { name: 'Nodes at this time' })
  for (const nodeId of were.values())
    await expect(fleet.getByRole('row').filter({ hasText: nodeId }).getByRole('cell').last()).not.toHaveText('0')
  await press(page, 'ArrowLeft', 'The fleet at this time')
  await press(page, 'PageDown', 'The fleet at this time')
  await page.getByRole('button', { name: 'Map', exact: true }).click()
  await expect(page.getByRole('listbox', { name: /^Nodes in/ }).first()).toBeVisible()
  await slider(page).press('End')
  await expect(slider(page)).toHaveAttribute('aria-valuetext', 'now')
  await expect(pastBar(page)).toBeHidden()
})

test('new events do not move somebody who views the past', async ({ page, deploy, rpc, unique }) => {
  const id = await deploy({ replicas: 1 })
  await expect.poll(async () => (await places(rpc, id)).size, patient).toBe(1)
  await page.goto('/deployments')
  await page.getByRole('status').filter({ hasText: 'Live' }).waitFor()
  await goByKeys(page, 'h', /\/history/)
  await expect(page.getByRole('heading', { name: 'History', exact: true })).toBeVisible()
  await press(page, 'ArrowLeft', 'The fleet at this time')
  const at = momentOf(page)
  const events = page.getByRole('table', { name: /^Events before this time/ })
  await expect(events.getByRole('row').nth(1)).toBeVisible()
  await rpc.deployment.delete.mutate({ deployment_id: id })
  await expect.poll(async () => (await places(rpc, id)).size, patient).toBe(0)
  expect(momentOf(page)).toBe(at)
  await expect(events.getByRole('row').filter({ hasText: `Deleted ${unique('app')}` })).toHaveCount(0)

  // A notable event links to its moment.
  await page.goto('/history')
  await page.locator('summary').filter({ hasText: 'notable' }).click()
  await page
    .getByRole('list', { name: /^Notable events/ })
    .getByRole('button', { name: unique('app') })
    .filter({ hasText: 'Deleted a deployment' })
    .click()
  await expect(pastBar(page)).toBeVisible()
  await expect(
    events
      .getByRole('row')
      .filter({ hasText: unique('app') })
      .filter({ hasText: 'Deleted a deployment' }),
  ).toBeVisible()
})
