/** Roles: what each permits, and how administrators assign them. */

import { expect, patient, test } from '@/e2e/support/fixtures'
import { fillDeployForm, fillSignIn, statusOf } from '@/testing/pages'

test('a viewer sees everything, cannot deploy, and is told why', async ({ api, deploy, pageOf }) => {
  const id = await deploy()
  const { theirs: page, ...viewer } = await pageOf('viewer')
  const why = 'Your role, viewer, may not create deployments. Ask an administrator.'
  const button = page.getByRole('button', { name: 'New deployment' }).first()
  await expect(button).toHaveAttribute('aria-disabled', 'true')
  await button.hover()
  await expect(page.getByRole('tooltip')).toHaveText(why)
  // Playwright would wait forever for the button to become enabled.
  await button.click({ force: true })
  await expect(page).toHaveURL(/:\d+\/$/)

  await page.goto(`/deployments/${id}`)
  await expect(statusOf(page, 'Running')).toBeVisible(patient)
  for (const action of ['Delete', 'Scale'])
    await expect(page.getByRole('button', { name: action })).toHaveAttribute('aria-disabled', 'true')
  await page.goto('/nodes')
  await expect(page.getByRole('button', { name: /^Cordon / }).first()).toHaveAttribute('aria-disabled', 'true')
  await expect(page.getByRole('link', { name: 'Users' })).toHaveCount(0)
  await expect(page.getByRole('navigation', { name: 'Main' }).getByText('Administration')).toHaveCount(0)
  for (const path of ['/deployments/new', '/admin/users', '/admin/tokens', '/admin/audit', '/admin/join']) {
    await page.goto(path)
    await expect(page.getByText("You don't have access to this page")).toBeVisible()
  }

  // The pages only explain it; the server enforces it.
  const login = await api().post('/api/auth/login', viewer)
  const asViewer = api(login.body.access_token)
  const refused = await asViewer.post('/api/deployment/deploy', {
    name: 'forbidden',
    type: 'compute',
    container_image: 'nginx',
    replicas: 1,
    resources: { cpu: 1, memory: 512 },
  })
  expect(refused.status).toBe(403)
  expect((await asViewer.delete(`/api/deployment/${id}`)).status).toBe(403)
})

test.describe('a disabled user', () => {
  // The browser logs that the server answered 401, which is the point of this test.
  test.use({ allowedOnConsole: [/status of 401/] })

  test('is refused with the reason, and can sign in again once enabled', async ({
    page,
    anotherPage,
    userWith,
    rpc,
  }) => {
    const { username, password } = await userWith('viewer')
    const user = (await rpc.user.list.query()).find((one) => one.username === username)
    await rpc.user.setDisabled.mutate({ id: user?.id ?? '', disabled: true })
    const theirs = await anotherPage()
    await theirs.goto('/login')
    await fillSignIn(theirs, username, password)
    await expect(theirs.getByRole('alert').filter({ hasText: 'This account is disabled' })).toBeVisible()
    await page.goto('/admin/users')
    await page.getByRole('button', { name: `Enable ${username}` }).click()
    await expect(page.getByRole('button', { name: `Disable ${username}` })).toBeVisible()
    await fillSignIn(theirs, username, password)
    await expect(theirs).toHaveURL(/:\d+\/$/)
  })
})

test.describe('a username that is taken', () => {
  test.use({ allowedOnConsole: [/status of 409/] })

  test('is refused at its field', async ({ page, userWith }) => {
    const { username } = await userWith('viewer')
    await page.goto('/admin/users')
    await page.getByRole('button', { name: 'New user' }).click()
    const dialog = page.getByRole('dialog', { name: 'New user' })
    await dialog.getByLabel('Username').fill(username)
    await dialog.getByRole('button', { name: 'Generate' }).click()
    await dialog.getByRole('button', { name: 'Create' }).click()
    await expect(dialog.getByRole('alert')).toContainText(username)
    await expect(dialog.getByLabel('Username')).toHaveAttribute('aria-invalid', 'true')
  })
})

test.describe('a session that ends', () => {
  // A request that was under way is answered 401, which the browser logs.
  test.use({ allowedOnConsole: [/status of 401/] })

  test('an administrator creates a user, who has only the rights of the role and loses access when disabled', async ({
    page,
    anotherPage,
    unique,
    deploy,
  }) => {
    const own = unique('own')
    const ofAdmin = await deploy()
    const username = unique('op')
    const password = 'a quiet Harbour 42'
    await page.goto('/admin/users')
    await page.getByRole('button', { name: 'New user' }).click()
    const dialog = page.getByRole('dialog', { name: 'New user' })
    await dialog.getByLabel('Username').fill('Not A Name')
    await dialog.getByLabel('Password', { exact: true }).fill('short')
    await dialog.getByRole('button', { name: 'Create' }).click()
    await expect(dialog.getByLabel('Username')).toHaveAccessibleDescription(/^Use 1 to 64 of/)
    await expect(dialog.getByLabel('Password', { exact: true })).toHaveAccessibleDescription(
      'Use at least 12 characters',
    )
    await dialog.getByLabel('Username').fill(username)
    await dialog.getByLabel('Role').selectOption('operator')
    await dialog.getByLabel('Password', { exact: true }).fill(password)
    await dialog.getByRole('button', { name: 'Create' }).click()
    await expect(dialog).toBeHidden()
    const row = page.getByRole('table', { name: 'Users' }).getByRole('row').filter({ hasText: username })
    await expect(row).toContainText('Enabled')
    await expect(row).toContainText('never')

    const theirs = await anotherPage()
    await theirs.goto('/login')
    await fillSignIn(theirs, username, password)
    await expect(theirs).toHaveURL(/:\d+\/$/)
    await expect(theirs.getByRole('link', { name: 'Users' })).toHaveCount(0)
    await theirs.goto('/deployments/new')
    await fillDeployForm(theirs, { name: own, image: 'sim/ok' })
    await theirs.getByRole('button', { name: 'Deploy', exact: true }).click()
    await expect(statusOf(theirs, 'Running')).toBeVisible(patient)
    await expect(theirs.getByRole('button', { name: 'Delete' })).not.toHaveAttribute('aria-disabled', 'true')
    // A deployment of somebody else can be seen, but not changed.
    await theirs.goto(`/deployments/${ofAdmin}`)
    const blocked = theirs.getByRole('button', { name: 'Delete' })
    await expect(blocked).toHaveAttribute('aria-disabled', 'true')
    await blocked.hover()
    await expect(theirs.getByRole('tooltip')).toContainText(/admin/)

    await row.getByRole('button', { name: `Disable ${username}` }).click()
    await expect(row).toContainText('Disabled')
    // The user does nothing meanwhile: the page itself notices.
    await expect(theirs).toHaveURL(/\/login\?/, patient)
    await expect(theirs.getByText('Your account was changed or signed out everywhere.')).toBeVisible()
  })

  test('a new role and a new password take effect at once', async ({ page, pageOf }) => {
    const { username, theirs } = await pageOf('viewer')
    await page.goto('/admin/users')
    await page.getByLabel(`Role of ${username}`).selectOption('operator')
    // Without a new sign-in, and even without a reload.
    await expect(theirs.getByRole('link', { name: 'New deployment' }).first()).toBeVisible(patient)

    const row = page.getByRole('table', { name: 'Users' }).getByRole('row').filter({ hasText: username })
    await row.getByRole('button', { name: `Set password of ${username}` }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('button', { name: 'Generate' }).click()
    const made = await dialog.getByLabel('New password').inputValue()
    expect(made.length).toBeGreaterThanOrEqual(16)
    await dialog.locator('button[type=submit]').click()
    await expect(dialog).toBeHidden()
    await expect(theirs).toHaveURL(/\/login\?/, patient)
    await fillSignIn(theirs, username, made)
    await expect(theirs).toHaveURL(/:\d+\/$/)
  })

  test('users change their own password and stay signed in', async ({ api, pageOf }) => {
    const { username, password, theirs } = await pageOf('viewer')
    await theirs.goto('/account')
    const next = 'another Harbour 43'
    await theirs.getByLabel('Current password').fill(password)
    await theirs.getByLabel('New password').fill(next)
    await theirs.getByRole('button', { name: 'Change password' }).click()
    await expect(theirs.getByRole('status').filter({ hasText: 'Password changed' })).toBeVisible()
    await theirs.goto('/nodes')
    await expect(theirs.getByRole('heading', { level: 1, name: 'Nodes' })).toBeVisible()
    expect((await api().post('/api/auth/login', { username, password })).status).toBe(401)
    expect((await api().post('/api/auth/login', { username, password: next })).status).toBe(200)
  })
})
