/** What people do with an existing deployment. */

import { expect, patient, test } from '@/e2e/support/fixtures'
import { openTab, statusOf } from '@/testing/pages'

test('a deployment is scaled up, down, to zero, and back by Undo', async ({ page, deploy, unique }) => {
  const id = await deploy({ replicas: 2 })
  await page.goto(`/deployments/${id}`)
  await expect(page.getByText('2/2 running')).toBeVisible(patient)
  const rows = page.getByRole('table', { name: 'Replicas' }).getByRole('row').filter({ hasText: 'Running' })
  const scaleTo = async (replicas: number) => {
    await page.getByRole('button', { name: 'Scale', exact: true }).click()
    await page.getByLabel('Desired replicas').fill(String(replicas))
    await page.keyboard.press('Enter')
  }

  await page.getByRole('button', { name: 'Scale', exact: true }).click()
  await page.getByLabel('Desired replicas').fill('101')
  await expect(page.getByRole('alert').filter({ hasText: 'from 0 to 100' })).toBeVisible()
  await page.keyboard.press('Escape')

  await scaleTo(4)
  await expect(page.getByText('4/4 running')).toBeVisible(patient)
  await expect(rows).toHaveCount(4)
  await expect(statusOf(page, 'Running')).toBeVisible()

  await scaleTo(1)
  await expect(page.getByText('1/1 running')).toBeVisible(patient)
  await expect(rows).toHaveCount(1)
  await page
    .getByRole('status')
    .filter({ hasText: `Scaling ${unique('app')} from 4 to 1` })
    .getByRole('button', { name: 'Undo' })
    .click()
  await expect(page.getByText('4/4 running')).toBeVisible(patient)

  await scaleTo(0)
  await expect(statusOf(page, 'Stopped')).toBeVisible(patient)
  await expect(page.getByText('Scaled to zero.')).toBeVisible(patient)
})

test('deleting asks for the name, removes the containers and releases the capacity', async ({
  page,
  deploy,
  unique,
  rpc,
}) => {
  const name = unique('app')
  const id = await deploy({ replicas: 3 })
  await page.goto(`/deployments/${id}`)
  await expect(statusOf(page, 'Running')).toBeVisible(patient)
  await page.getByRole('button', { name: 'Delete' }).click()
  const dialog = page.getByRole('dialog', { name: `Delete ${name}?` })
  await expect(dialog).toContainText('3 containers will be stopped and removed')
  const confirm = dialog.getByRole('button', { name: 'Delete' })
  await expect(confirm).toHaveAttribute('aria-disabled', 'true')
  await dialog.getByLabel(`Type ${name} to confirm`).fill(name.slice(1))
  await expect(confirm).toHaveAttribute('aria-disabled', 'true')
  await page.keyboard.press('Enter')
  await expect(dialog).toBeVisible()
  await dialog.getByLabel(`Type ${name} to confirm`).fill(name)
  await confirm.click()
  await expect(statusOf(page, 'Deleted')).toBeVisible(patient)
  await expect(dialog).toBeHidden()
  await expect(page.getByRole('button', { name: 'Delete' })).toHaveCount(0)
  const held = async () =>
    (await rpc.deployment.detail.query({ id })).replicas.map(({ status, reserved }) => `${status} ${reserved}`)
  await expect.poll(held, patient).toEqual(['stopped false', 'stopped false', 'stopped false'])

  // The page and the history remain. The list shows the deployment only with the filter for deleted ones.
  await openTab(page, 'History')
  await expect(
    page
      .getByRole('table', { name: /^Status changes/ })
      .getByRole('row')
      .nth(1),
  ).toContainText('Deleted')
  await page.goto(`/deployments?q=${name}`)
  await expect(page.getByText('No matches')).toBeVisible()
  await page.getByRole('button', { name: /^Deleted/ }).click()
  await expect(page.getByRole('table', { name: 'Deployments' }).getByRole('link', { name })).toBeVisible()
})

test("a deployment whose image cannot be pulled fails with the engine's message, and can be retried", async ({
  page,
  deploy,
}) => {
  const id = await deploy({ container_image: 'sim/fail-pull' })
  await page.goto(`/deployments/${id}`)
  await expect(statusOf(page, 'Failed')).toBeVisible(patient)
  const message = 'Replica 1 failed 3 times: manifest for sim/fail-pull not found: manifest unknown'
  await expect(page.getByRole('main').locator('header').getByText(message)).toBeVisible()
  await expect(page.getByRole('table', { name: 'Replicas' })).toContainText('manifest unknown')

  await page.getByRole('button', { name: 'Retry' }).click()
  await openTab(page, 'History')
  const history = page.getByRole('table', { name: /^Status changes/ })
  // None to pending to scheduled to failed, and after the retry all but the first again.
  await expect(history.getByText(message)).toHaveCount(2, patient)
  await expect(statusOf(page, 'Failed')).toBeVisible()
  await openTab(page, 'Timeline')
  await expect(page.locator('[data-timeline]')).toBeVisible()
  await page.getByRole('button', { name: 'Table' }).click()
  await expect(page.getByRole('table', { name: /^Replica events/ })).toContainText('attempt 6')
})

test('a container that exits is restarted in place, and the page says so', async ({ page, deploy }) => {
  const id = await deploy({ container_image: 'sim/crash:2s' })
  await page.goto(`/deployments/${id}`)
  const row = page.getByRole('table', { name: 'Replicas' }).getByRole('row').nth(1)
  await expect(row).toContainText('exited with code 1', patient)
})

test('the page tells an unknown deployment from one that cannot be read', async ({ page }) => {
  await page.goto('/deployments/00000000-0000-4000-8000-000000000000')
  await expect(page.getByText('Deployment not found')).toBeVisible()
  await page.getByRole('link', { name: 'All deployments' }).click()
  await expect(page).toHaveURL(/\/deployments$/)
})
