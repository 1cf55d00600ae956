/** Settings of the whole installation. */
import { expect, test } from '@/e2e/support/fixtures'

test('the heartbeat setting is changed, refused with a reason when invalid, and reset', async ({ page, rpc }) => {
  const { heartbeat } = await rpc.settings.get.query()
  expect(heartbeat).toEqual({ everySeconds: 5, limitSeconds: 15 })
  await page.goto('/admin/settings')
  await expect(page.getByText('at least 22 s')).toBeVisible()
  await page.getByLabel('Interval').fill('soon')
  await page.getByRole('button', { name: 'Save heartbeats' }).click()
  await expect(page.getByLabel('Interval')).toHaveAccessibleDescription(
    'The interval must be whole seconds from 1 to 60',
  )
  await page.getByLabel('Interval').fill('10')
  await page.getByRole('button', { name: 'Save heartbeats' }).click()
  await expect(page.getByLabel('Interval')).toHaveAccessibleDescription(/^1 to 60\. Agents apply/)
  await expect(page.getByLabel('Offline after')).toHaveAccessibleDescription(/at least twice the interval \(20 s\)/)
  expect((await rpc.settings.get.query()).heartbeat).toEqual(heartbeat)

  await page.getByLabel('Offline after').fill('40')
  await expect(page.getByText('at least 52 s')).toBeVisible()
  await page.getByRole('button', { name: 'Save heartbeats' }).click()
  await expect(page.getByText('Now: every 10 s; a node is offline after 40 s without a heartbeat.')).toBeVisible()
  expect((await rpc.settings.get.query()).heartbeat).toEqual({ everySeconds: 10, limitSeconds: 40 })
  await page.getByRole('button', { name: 'Undo' }).click()
  await expect(page.getByLabel('Interval')).toHaveValue('5')
  expect((await rpc.settings.get.query()).heartbeat).toEqual(heartbeat)
})
