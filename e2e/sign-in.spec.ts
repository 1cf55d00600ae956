/** Coming in and going out. */
import { admin, expect, fillSignIn, signedOut, test } from './fixtures'

test.use({ storageState: signedOut })

test('who is not signed in is led to the login page and then to where they wanted to go', async ({ page }) => {
  await page.goto('/nodes?state=ready')
  await expect(page).toHaveURL(/\/login\?next=/)
  await fillSignIn(page, admin.username, admin.password)
  await expect(page).toHaveURL(/\/nodes\?state=ready$/)
  await expect(page.getByRole('heading', { level: 1, name: 'Nodes' })).toBeVisible()
})

test('the login page leads to no other site', async ({ page }) => {
  await page.goto('/login?next=//evil.example/%5C')
  await fillSignIn(page, admin.username, admin.password)
  await expect(page).toHaveURL(/localhost:\d+\/$/)
})

test.describe('signing out', () => {
  // What the page was just reading is answered 401, which the browser writes down.
  test.use({ allowedOnConsole: [/status of 401/] })

  test('a person signs in, and out again', async ({ page, signIn }) => {
    await signIn(page)
    await expect(page).toHaveURL(/:\d+\/$/)
    await expect(page.getByRole('heading', { level: 1, name: 'Overview' })).toBeVisible()
    await page.getByRole('button', { name: 'admin' }).click()
    await page.getByRole('menuitem', { name: 'Sign out' }).click()
    await expect(page).toHaveURL(/\/login$/)
    await page.goto('/nodes')
    await expect(page).toHaveURL(/\/login\?/)
  })
})

test.describe('a refused sign-in', () => {
  // The browser writes down that the server answered 401: that is what is tested.
  test.use({ allowedOnConsole: [/status of 401/] })

  test('a wrong password is told beside the form, and does not tell whether the user exists', async ({
    page,
    unique,
  }) => {
    const problem = page.getByRole('alert').filter({ hasText: 'The username or the password is wrong' })
    for (const username of [admin.username, unique('nobody')]) {
      await page.goto('/login')
      await fillSignIn(page, username, 'not the password')
      await expect(problem).toBeVisible()
      await expect(page.getByLabel('Password')).toHaveAttribute('aria-invalid', 'true')
      // What was typed stays.
      await expect(page.getByLabel('Username')).toHaveValue(username)
    }
    await page.getByLabel('Username').fill(admin.username)
    await page.getByLabel('Password').fill(admin.password)
    await page.keyboard.press('Enter')
    await expect(page).toHaveURL(/:\d+\/$/)
  })

  test('after many wrong passwords the user name is locked for a while, also for the right one', async ({
    page,
    api,
    userWith,
  }) => {
    const { username, password } = await userWith('viewer')
    const tries = Array.from({ length: 11 }, (_, index) =>
      api().post('/api/auth/login', { username, password: `wrong ${index}` }),
    )
    const statuses = (await Promise.all(tries)).map(({ status }) => status)
    expect(statuses.filter((status) => status === 401)).toHaveLength(10)
    expect(statuses.filter((status) => status === 429)).toHaveLength(1)
    await page.goto('/login')
    await fillSignIn(page, username, password)
    await expect(page.getByRole('alert').filter({ hasText: /Too many tries\. Wait \d+ (s|min)/ })).toBeVisible()
    await expect(page.getByRole('button', { name: 'Sign in' })).toHaveAttribute('aria-disabled', 'true')
    // Others are not locked out.
    await page.goto('/login')
    await fillSignIn(page, admin.username, admin.password)
    await expect(page).toHaveURL(/:\d+\/$/)
  })
})
