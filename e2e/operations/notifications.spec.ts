/** The life of a notification channel: it is created, tested, delivers a failure, and is deleted. */
import type { Page } from '@playwright/test'
import { expect, patient, test } from '@/e2e/support/fixtures'
import { goByKeys } from '@/testing/pages'
import { Receiver } from '@/testing/receiver'

let receiver: Receiver

test.beforeEach(async () => {
  receiver = await Receiver.start()
})
test.afterEach(() => receiver.close())

const rowOf = (page: Page, name: string) =>
  page.getByRole('table', { name: 'Notification channels' }).getByRole('row').filter({ hasText: name })

test('an administrator creates and tests a channel, which reports a deployment that does not fit', async ({
  page,
  rpc,
  deploy,
  unique,
}) => {
  const name = unique('on-call')
  await page.goto('/')
  await expect(page.getByRole('status').filter({ hasText: 'Live' })).toBeVisible(patient)
  await goByKeys(page, 'm', /\/admin\/notifications$/)
  await page.getByRole('button', { name: 'New channel' }).click()
  const dialog = page.getByRole('dialog', { name: 'New channel' })
  await dialog.getByRole('button', { name: 'Create' }).click()
  await expect(dialog.getByLabel('Name')).toHaveAccessibleDescription('Enter a name')
  await expect(dialog.getByLabel('Address')).toHaveAccessibleDescription('Give the address that messages are sent to')
  await dialog.getByLabel('Name').fill(name)
  await dialog.getByLabel('Address').fill('ftp://example.org/x')
  await dialog.getByRole('button', { name: 'Create' }).click()
  await expect(dialog.getByLabel('Address')).toHaveAccessibleDescription(/must begin with https/)
  await dialog.getByLabel('Address').fill(receiver.url())
  await dialog.getByRole('button', { name: 'Generate' }).click()
  await expect(dialog.getByLabel('Signing secret')).toHaveValue(/^whsec_/)
  await dialog.getByRole('button', { name: 'Create' }).click()
  await expect(dialog).toBeHidden()
  const row = rowOf(page, name)
  await expect(row).toContainText(/Webhook, signed · 127\.0\.0\.1:\d+\/…path/)
  await expect(row).toContainText('Ready')

  await row.getByRole('button', { name: `Send a test: ${name}` }).click()
  const outcome = page.getByRole('dialog', { name: `Test of ${name}` })
  await expect(outcome.getByText('Delivered')).toBeVisible()
  await expect(outcome.getByText('200', { exact: true })).toBeVisible()
  expect(receiver.messages).toMatchObject([{ type: 'test' }])
  expect(receiver.calls[0]?.headers['webhook-signature']).toMatch(/^v1,/)
  receiver.answer = () => ({ status: 403, body: 'invalid_token' })
  await outcome.getByRole('button', { name: 'Send another' }).click()
  await expect(outcome.getByText('It answered 403 Forbidden')).toBeVisible()
  await outcome.getByRole('button', { name: 'Done' }).click()

  const app = unique('too-big')
  await deploy({ name: app, replicas: 10, resources: { cpu: 8, memory: 16384 } })
  // Without a reload, the channel fails first, and the message is delivered once the receiver accepts it.
  await expect(row).toContainText('Failing', patient)
  await expect(row).toContainText('It answered 403 Forbidden')
  receiver.answer = () => ({ status: 200 })
  const before = receiver.calls.length
  await row.getByRole('button', { name: `Send a test: ${name}` }).click()
  await expect(outcome.getByText('Delivered')).toBeVisible()
  await page.keyboard.press('Escape')
  const texts = () => receiver.messages.slice(before).flatMap(({ events }) => events.map(({ text }) => text))
  await expect
    .poll(texts, patient)
    .toContainEqual(expect.stringMatching(`^Deployment ${app} failed: Insufficient nodes`))
  await expect(row).toContainText('Delivering', patient)

  await row.getByRole('link', { name }).click()
  const edit = page.getByRole('dialog', { name: `Edit ${name}` })
  await expect(page).toHaveURL(/edit=/)
  await page.reload()
  await expect(edit.getByLabel('Address')).toHaveAccessibleDescription(/^Leave blank to keep 127\.0\.0\.1/)
  await edit.getByLabel('Kind').selectOption('Slack, Mattermost or Discord')
  await edit.getByLabel('A node goes offline').uncheck()
  await edit.getByRole('button', { name: 'Save' }).click()
  await expect(edit).toBeHidden()
  await expect(row).toContainText(/Slack · 127\.0\.0\.1/)

  await row.getByRole('button', { name: `Pause: ${name}` }).click()
  await expect(row).toContainText('Paused')
  await page.getByRole('status').getByRole('button', { name: 'Undo' }).click()
  await expect(row).not.toContainText('Paused')

  await row.getByRole('button', { name: `Delete: ${name}` }).click()
  const sure = page.getByRole('dialog', { name: `Delete “${name}”?` })
  await sure.getByLabel(/to confirm$/).fill(name)
  await sure.getByRole('button', { name: 'Delete', exact: true }).click()
  await expect(sure).toBeHidden()
  await expect(row).toHaveCount(0)
  expect((await rpc.notification.list.query()).map((channel) => channel.name)).not.toContain(name)
  await page.goto(`/admin/audit?about=${name}`)
  for (const message of [
    'Made a channel',
    'Tested a channel',
    'Changed a channel',
    'Paused a channel',
    'Deleted a channel',
  ])
    await expect(page.getByRole('button', { name: message }).first()).toBeVisible()
})

test('users who may not manage notifications are told so, and see no link to the page', async ({ pageOf }) => {
  const { theirs } = await pageOf('operator')
  await expect(theirs.getByRole('link', { name: 'Scheduling queue' }).first()).toBeVisible()
  await expect(theirs.getByRole('link', { name: 'Notifications' })).toHaveCount(0)
  await theirs.goto('/admin/notifications')
  await expect(theirs.getByText("You don't have access to this page")).toBeVisible()
})
