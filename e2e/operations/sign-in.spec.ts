/** Signing in and out. */
import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { admin, expect, signedOut, test } from '@/e2e/support/fixtures'
import { fillSignIn } from '@/testing/pages'

test.use({ storageState: signedOut })

test('a visitor who is not signed in gets the login page, and then the page they wanted', async ({ page }) => {
  await page.goto('/nodes?state=ready')
  await expect(page).toHaveURL(/\/login\?next=/)
  await fillSignIn(page, admin.username, admin.password)
  await expect(page).toHaveURL(/\/nodes\?state=ready$/)
  await expect(page.getByRole('heading', { level: 1, name: 'Nodes' })).toBeVisible()
})

test('the login page redirects to no other site', async ({ page }) => {
  await page.goto('/login?next=//evil.example/%5C')
  await fillSignIn(page, admin.username, admin.password)
  await expect(page).toHaveURL(/localhost:\d+\/$/)
})

test.describe('signing out', () => {
  // A request that was under way is answered 401, which the browser logs.
  test.use({ allowedOnConsole: [/status of (401|429)/] })

  test('a user signs in and out again', async ({ page, signIn }) => {
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
  // The browser logs that the server answered 401, which is the point of this test.
  test.use({ allowedOnConsole: [/status of (401|429)/] })

  test('a wrong password is reported at the form, without revealing whether the user exists', async ({
    page,
    unique,
  }) => {
    const problem = page.getByRole('alert').filter({ hasText: 'The username or password is wrong' })
    for (const username of [admin.username, unique('nobody')]) {
      await page.goto('/login')
      await fillSignIn(page, username, 'not the password')
      await expect(problem).toBeVisible()
      await expect(page.getByLabel('Password')).toHaveAttribute('aria-invalid', 'true')
      // The typed text stays.
      await expect(page.getByLabel('Username')).toHaveValue(username)
    }
    await page.getByLabel('Username').fill(admin.username)
    await page.getByLabel('Password').fill(admin.password)
    await page.keyboard.press('Enter')
    await expect(page).toHaveURL(/:\d+\/$/)
  })

  test('after many wrong passwords the username is locked for a while, even for the right one', async ({
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
    await expect(page.getByRole('alert').filter({ hasText: /Too many attempts\. Wait \d+ (s|min)/ })).toBeVisible()
    await expect(page.getByRole('button', { name: 'Sign in' })).toHaveAttribute('aria-disabled', 'true')
    // Other users are not locked out.
    await page.goto('/login')
    await fillSignIn(page, admin.username, admin.password)
    await expect(page).toHaveURL(/:\d+\/$/)
  })
})

/** Signs in as a program does, from another address of this machine. */
const statusFrom = (address: string, url: string, who: { username: string; password: string }) =>
  new Promise<number>((resolve, reject) => {
    const body = JSON.stringify(who)
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
    const { port } = new URL(url)
    const options = { host: '127.0.0.1', port, path: '/api/auth/login', method: 'POST', headers }
    const call = request({ ...options, localAddress: address, agent: new Agent() }, (answer) => {
      answer.resume().once('end', () => resolve(answer.statusCode ?? 0))
    })
    call.once('error', reject)
    call.end(body)
  })

test('a flood of sign-ins takes no node offline, every attempt is answered, and the owner can sign in from elsewhere', async ({
  baseURL,
  rpc,
  userWith,
}) => {
  test.setTimeout(240_000)
  const { username, password } = await userWith('viewer')
  const begun = new Date().toISOString()
  const floodMs = 30_000
  const answers = new Map<number, number>()
  let over = false
  const flood = Array.from({ length: 150 }, async (_, i) => {
    while (!over) {
      const status = await statusFrom('127.0.0.66', baseURL ?? '', { username, password: `wrong ${i}` })
      answers.set(status, (answers.get(status) ?? 0) + 1)
    }
  })
  await sleep(floodMs / 2)
  expect(await statusFrom('127.0.0.67', baseURL ?? '', { username, password })).toBe(200)
  expect((await rpc.deployment.page.query({ limit: 1 })).items).toBeDefined()
  await sleep(floodMs / 2)
  over = true
  await Promise.all(flood)
  // Every attempt was answered: checked up to the limit, and then refused at once.
  expect([...answers.keys()].sort()).toEqual([401, 429])
  expect(answers.get(401)).toBe(10)
  // Only the nodes of the demo fleet, since those of other tests come and go.
  const { nodes } = await rpc.node.page.query({ search: 'node-', limit: 100 })
  expect(nodes.length).toBeGreaterThanOrEqual(12)
  expect(nodes.filter(({ status }) => status === 'offline')).toEqual([])
  const { events } = await rpc.event.page.query({ kinds: ['node'], after: begun, limit: 200 })
  const said = events.map((event) => JSON.stringify(event))
  expect(said.filter((event) => /"node-\d+"/.test(event) && /offline/i.test(event))).toEqual([])
})
