/** API tokens, the audit log and sessions, for administrators and for other users. */
import { expect, patient, test } from '@/e2e/support/fixtures'

const deployment = (name: string) => ({
  name,
  type: 'compute',
  container_image: 'sim/ok',
  replicas: 1,
  resources: { cpu: 0.5, memory: 512 },
})

test('an operator creates a read-only token and uses it, and an administrator revokes it', async ({
  api,
  page,
  pageOf,
  unique,
}) => {
  const { theirs, ...operator } = await pageOf('operator')
  const name = unique('report')
  await theirs.goto('/account')
  await expect(theirs.getByText('No API tokens yet')).toBeVisible()
  // Nobody can give a token more than their own role.
  await expect(theirs.getByLabel('Scope').getByRole('option')).toHaveText(['operator', 'viewer'])
  await theirs.getByRole('button', { name: 'Create token' }).click()
  await expect(theirs.getByLabel('Name')).toHaveAccessibleDescription('Enter a name')
  await theirs.getByLabel('Name').fill(name)
  await theirs.getByLabel('Expires in').selectOption('90 days')
  await theirs.getByRole('button', { name: 'Create token' }).click()
  await expect(theirs.getByText("it won't be shown again")).toBeVisible()
  await expect(theirs.getByText(/^curl -X GET .*\/api\/deployment\/list/)).toBeVisible()
  const token = await theirs.getByText(/^fdk_/).innerText()
  const row = theirs.getByRole('table', { name: 'Your API tokens' }).getByRole('row').filter({ hasText: name })
  await expect(row).toContainText('Active')
  await expect(row).toContainText('viewer')
  await expect(row).toContainText('in 89 d')
  await theirs.getByRole('button', { name: 'Hide token' }).click()
  await expect(theirs.getByText(/^fdk_/)).toHaveCount(0)

  expect((await api(token).get('/api/deployment/list')).status).toBe(200)
  const refused = await api(token).post('/api/deployment/deploy', deployment(unique('x')))
  expect(refused.status).toBe(403)
  expect(refused.body.detail).toContain('This API token acts as viewer')
  // Without a reload.
  await expect(row).not.toContainText('never', patient)

  await page.goto('/admin/tokens')
  const seen = page.getByRole('table', { name: 'API tokens of all users' }).getByRole('row').filter({ hasText: name })
  await expect(seen).toContainText(operator.username)
  await seen.getByRole('button', { name: `Revoke ${name}` }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel(/to confirm$/).fill(name)
  await dialog.getByRole('button', { name: 'Revoke', exact: true }).click()
  await expect(dialog).toBeHidden()
  await expect(seen).toContainText('Revoked')
  await expect(row).toContainText('Revoked', patient)
  const gone = await api(token).get('/api/deployment/list')
  expect([gone.status, gone.body.detail]).toEqual([401, `The API token “${name}” was revoked: make a new one`])
})

test('the audit log tells who changed what, can be filtered by address, and is downloaded as shown', async ({
  page,
  userWith,
  rpc,
}) => {
  const { username } = await userWith('viewer')
  const user = (await rpc.user.list.query()).find((one) => one.username === username)
  await page.goto('/admin/audit')
  await page.getByRole('searchbox', { name: 'Target' }).fill(username)
  const table = page.getByRole('table', { name: 'Audit log, newest first' })
  await expect(table.getByRole('row')).toHaveCount(2)
  await expect(page).toHaveURL(new RegExp(`about=${username}`))
  // New entries appear by themselves.
  await rpc.user.setRole.mutate({ id: user?.id ?? '', role: 'operator' })
  await expect(table.getByRole('row')).toHaveCount(3, patient)
  await expect(table.getByRole('row').nth(1)).toContainText('role: viewer → operator')

  await table.getByRole('button', { name: 'Changed a role' }).click()
  const dialog = page.getByRole('dialog', { name: 'Changed a role' })
  const changed = dialog.getByRole('table', { name: 'Changes' }).getByRole('row')
  await expect(changed.last()).toHaveText(/role\s*viewer\s*operator/)
  await expect(page).toHaveURL(/open=\d+/)
  await page.reload()
  await expect(dialog).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(dialog).toBeHidden()

  await page.getByLabel('Action').selectOption('Changed a role')
  await expect(table.getByRole('row')).toHaveCount(2)
  const downloading = page.waitForEvent('download')
  await page.getByRole('link', { name: 'Download as CSV' }).click()
  const download = await downloading
  expect(download.suggestedFilename()).toMatch(/^fogdeck-audit-.*\.csv$/)
  const chunks: Buffer[] = []
  for await (const chunk of await download.createReadStream()) chunks.push(Buffer.from(chunk))
  const lines = Buffer.concat(chunks).toString('utf8').trimEnd().split('\r\n')
  expect(lines).toHaveLength(2)
  expect(lines[1]).toContain(
    `,user.role,user,${user?.id},${username},"{""role"":""viewer""}","{""role"":""operator""}"`,
  )

  await page.getByLabel('To', { exact: true }).fill('2001-01-01T00:00')
  await expect(page.getByText('No matches')).toBeVisible()
  await page.getByRole('link', { name: 'Show all entries' }).click()
  await expect(table.getByRole('row').nth(2)).toBeVisible()
})

test.describe('a session that ends', () => {
  // A request that was under way is answered 401, which the browser logs.
  test.use({ allowedOnConsole: [/status of 401/] })

  test('a user signs out everywhere else, and stays signed in in every tab of this browser', async ({
    anotherPage,
    pageOf,
    signIn,
    watchConsole,
  }) => {
    const { username, password, theirs: here } = await pageOf('viewer')
    const tab = await here.context().newPage()
    watchConsole(tab)
    await tab.goto('/nodes')
    const elsewhere = await anotherPage()
    await signIn(elsewhere, username, password)
    for (const page of [tab, elsewhere])
      await expect(page.getByRole('status').filter({ hasText: 'Live' })).toBeVisible(patient)

    await here.goto('/account')
    const sessions = here.getByRole('table', { name: 'Your sessions' })
    await expect(sessions.getByRole('row').filter({ hasText: 'this session' })).toHaveCount(1)
    await here.getByRole('button', { name: 'End all others' }).click()
    const dialog = here.getByRole('dialog')
    await dialog.getByRole('button', { name: 'End all others' }).click()
    await expect(dialog).toBeHidden()
    await expect(here.getByRole('status').filter({ hasText: 'Your other sessions have ended' })).toBeVisible()
    // The heading row, and the one session that is left.
    await expect(sessions.getByRole('row')).toHaveCount(2)
    // The user does nothing meanwhile: the page itself notices.
    await expect(elsewhere).toHaveURL(/\/login\?/, patient)
    await expect(elsewhere.getByText('signed out everywhere')).toBeVisible()
    for (const page of [here, tab])
      await expect(page.getByRole('status').filter({ hasText: 'Live' })).toBeVisible(patient)
    await tab.getByRole('link', { name: 'Events' }).click()
    await expect(tab.getByRole('heading', { level: 1, name: 'Events' })).toBeVisible()
    await here.reload()
    await expect(here.getByRole('heading', { level: 1, name: 'Account' })).toBeVisible()
  })

  test('an administrator ends the sessions of a user, which is audited', async ({ page, pageOf, signIn }) => {
    const { username, password, theirs } = await pageOf('operator')
    await page.goto('/admin/users')
    await page.getByRole('button', { name: `Sessions of ${username}` }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('button', { name: /^End Chrome on / }).click()
    await expect(theirs).toHaveURL(/\/login\?/, patient)
    await expect(dialog.getByText(`${username} has no sessions`)).toBeVisible()
    await signIn(theirs, username, password)
    // A new session appears by itself.
    await expect(dialog.getByRole('row')).toHaveCount(2, patient)
    await dialog.getByRole('button', { name: 'End all' }).click()
    await expect(dialog).toBeHidden()
    await expect(theirs).toHaveURL(/\/login\?/, patient)
    await page.goto(`/admin/audit?about=${username}`)
    for (const name of ['Ended sessions', 'Ended a session'])
      await expect(page.getByRole('button', { name })).toBeVisible()
    await expect(page.getByRole('button', { name: 'Signed in' }).first()).toBeVisible()
  })
})
