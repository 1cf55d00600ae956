/** The fixtures of every spec: import `test` and `expect` from here. Pages are signed in as the administrator. */
import {
  type APIRequestContext,
  type APIResponse,
  test as base,
  expect,
  type Page,
  type PlaywrightWorkerArgs,
} from '@playwright/test'
import { createTRPCClient, httpLink, type TRPCClient } from '@trpc/client'
import type { Role } from '@/core/accounts/roles'
import type { AppRouter } from '@/server/api/root'
import { fillSignIn } from '@/testing/pages'

export { expect }

export const admin = { username: 'admin', password: process.env.FOGDECK_E2E_PASSWORD ?? '' }
/** For `test.use({ storageState: signedOut })`. */
export const signedOut = { cookies: [], origins: [] }
/** For what takes the product more than a moment. Durations are never asserted. */
export const patient = { timeout: 120_000 }

interface Answer {
  status: number
  headers: Record<string, string>
  /** Parsed JSON, or null when there is none. */
  // biome-ignore lint/suspicious/noExplicitAny: specs look into answers of the contract, which they assert themselves
  body: any
}

/** The REST API as a program uses it. */
interface Api {
  get(path: string): Promise<Answer>
  post(path: string, data?: unknown, headers?: Record<string, string>): Promise<Answer>
  delete(path: string): Promise<Answer>
}

interface Credentials {
  username: string
  password: string
}

export type Rpc = TRPCClient<AppRouter>
type DeployInput = Parameters<Rpc['deployment']['deploy']['mutate']>[0]

interface Fixtures {
  /** Console messages that a spec provokes on purpose: `test.use({ allowedOnConsole: [/401/] })`. */
  allowedOnConsole: RegExp[]
  /**
   * Fails the test when the page logs to its console or throws. `page` is watched already; other pages need this call.
   */
  watchConsole: (page: Page) => void
  /** Signs in through the login page, and returns on the page that follows. */
  signIn: (page: Page, username?: string, password?: string) => Promise<void>
  /** Opens a page in another browser context, which is not signed in. */
  anotherPage: () => Promise<Page>
  /** Calls with that token, or without any. */
  api: (token?: string) => Api
  /** The procedures behind the pages, called as the administrator. */
  rpc: Rpc
  /**
   * Returns a name that only this test uses. Deployments whose names end with its suffix are deleted after the test.
   */
  unique: (name: string) => string
  /** Creates a user with that role and a password. */
  userWith: (role: Role) => Promise<Credentials>
  /** Creates a user and signs in on a page of its own. */
  pageOf: (role: Role) => Promise<Credentials & { theirs: Page }>
  /** Deploys through the API, by default one replica of half a core, and returns the id. */
  deploy: (overrides?: Partial<DeployInput>) => Promise<string>
}

interface WorkerFixtures {
  /** Signed in once per worker, because attempts are counted. */
  adminToken: string
  /** The cookies of a session of the administrator, created once per worker. */
  adminSession: Awaited<ReturnType<APIRequestContext['storageState']>>
}

export const rpcClient = (url: string, token: string): Rpc =>
  createTRPCClient<AppRouter>({
    links: [httpLink({ url: `${url}/api/trpc`, headers: { authorization: `Bearer ${token}` } })],
  })

export const test = base.extend<Fixtures, WorkerFixtures>({
  allowedOnConsole: [[], { option: true }],
  storageState: ({ adminSession }, use) => use(adminSession),

  watchConsole: [
    async ({ allowedOnConsole }, use) => {
      const messages: string[] = []
      const note = (text: string) => {
        if (!allowedOnConsole.some((pattern) => pattern.test(text))) messages.push(text)
      }
      await use((page) => {
        page.on('pageerror', (error) => note(`thrown: ${error.stack ?? error.message}`))
        page.on('console', (message) => {
          if (['error', 'warning'].includes(message.type())) {
            note(`${message.type()}: ${message.text()} (${message.location().url})`)
          }
        })
      })
      expect(messages, 'what the browser console said').toEqual([])
    },
    { auto: true },
  ],

  page: async ({ page, watchConsole }, use) => {
    watchConsole(page)
    await use(page)
  },

  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of what a fixture needs
  signIn: async ({}, use) => {
    await use(async (page, username = admin.username, password = admin.password) => {
      await page.goto('/login')
      await fillSignIn(page, username, password)
      await page.waitForURL((url) => url.pathname !== '/login')
    })
  },

  anotherPage: async ({ browser, watchConsole }, use) => {
    const pages: Page[] = []
    await use(async () => {
      const page = await (await browser.newContext({ storageState: signedOut })).newPage()
      watchConsole(page)
      pages.push(page)
      return page
    })
    for (const page of pages) await page.context().close()
  },

  api: async ({ playwright, baseURL }, use) => {
    const context = await playwright.request.newContext({ baseURL: baseURL ?? '', storageState: signedOut })
    await use((token) => {
      const headers = token ? { Authorization: `Bearer ${token}` } : {}
      return {
        get: async (path) => answerOf(await context.get(path, { headers })),
        post: async (path, data = {}, more = {}) =>
          answerOf(await context.post(path, { data, headers: { ...headers, ...more } })),
        delete: async (path) => answerOf(await context.delete(path, { headers })),
      }
    })
    await context.dispose()
  },

  rpc: async ({ baseURL, adminToken }, use) => use(rpcClient(baseURL ?? '', adminToken)),

  unique: async ({ rpc }, use, { testId, repeatEachIndex }) => {
    const mark = `${testId.slice(-4)}${repeatEachIndex}${Math.random().toString(36).slice(2, 6)}`
    await use((name) => `${name}-${mark}`)
    const { items } = await rpc.deployment.page.query({ search: mark, limit: 100 })
    for (const { id, status } of items)
      if (status !== 'deleted') await rpc.deployment.delete.mutate({ deployment_id: id })
  },

  userWith: async ({ rpc, unique }, use) => {
    await use(async (role) => {
      const user = { username: unique(role), password: `Pass-word for ${Math.random()}` }
      await rpc.user.create.mutate({ ...user, role })
      return user
    })
  },

  pageOf: async ({ anotherPage, signIn, userWith }, use) => {
    await use(async (role) => {
      const credentials = await userWith(role)
      const theirs = await anotherPage()
      await signIn(theirs, credentials.username, credentials.password)
      return { ...credentials, theirs }
    })
  },

  deploy: async ({ rpc, unique }, use) => {
    await use(async (overrides = {}) => {
      const { deployment_id } = await rpc.deployment.deploy.mutate({
        name: unique('app'),
        type: 'compute',
        container_image: 'sim/ok',
        replicas: 1,
        resources: { cpu: 0.5, memory: 512 },
        ...overrides,
      })
      return deployment_id
    })
  },

  adminToken: [
    async ({ playwright }, use) => use(await tokenFrom(playwright, process.env.FOGDECK_E2E_URL ?? '', admin)),
    { scope: 'worker' },
  ],

  adminSession: [
    async ({ playwright }, use) => use(await sessionFrom(playwright, process.env.FOGDECK_E2E_URL ?? '', admin)),
    { scope: 'worker' },
  ],
})

type Requests = PlaywrightWorkerArgs['playwright']

/** Signs in as a program does and returns the token. */
export async function tokenFrom({ request }: Requests, url: string, who: Credentials): Promise<string> {
  const context = await request.newContext({ baseURL: url })
  const answer = await answerOf(await context.post('/api/auth/login', { data: who }))
  expect(answer.status).toBe(200)
  await context.dispose()
  return answer.body.access_token
}

/** Signs in as a browser does and returns the cookies. */
export async function sessionFrom(
  { request }: Requests,
  url: string,
  who: Credentials,
): Promise<WorkerFixtures['adminSession']> {
  const context = await request.newContext({ baseURL: url })
  const { csrfToken } = await (await context.get('/api/auth/csrf')).json()
  const form = { ...who, csrfToken, json: 'true' }
  expect((await context.post('/api/auth/callback/credentials', { form })).status()).toBe(200)
  const state = await context.storageState()
  await context.dispose()
  return state
}

async function answerOf(response: APIResponse): Promise<Answer> {
  const text = await response.text()
  const isJson = /json/.test(response.headers()['content-type'] ?? '')
  return { status: response.status(), headers: response.headers(), body: isJson ? JSON.parse(text) : null }
}
