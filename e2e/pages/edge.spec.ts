/** What browsers and strangers get from the gateway: headers, the script policy, and refusals instead of a 500. */
import { expect, signedOut, test } from '@/e2e/support/fixtures'

test.use({ allowedOnConsole: [/Content Security Policy/] })

test('only scripts with the nonce of their page run, and API answers are not cached', async ({ page, request }) => {
  const answer = await page.goto('/deployments')
  const headers = answer?.headers() ?? {}
  const nonce = /'nonce-([^']+)'/.exec(headers['content-security-policy'] ?? '')?.[1]
  expect(nonce).toBeDefined()
  expect(headers).toMatchObject({
    'cache-control': expect.stringContaining('no-store'),
    'cross-origin-opener-policy': 'same-origin',
    'x-content-type-options': 'nosniff',
  })
  expect((await answer?.text())?.match(/<script(?![^>]* nonce=")/g)).toBeNull()
  await expect(page.getByRole('heading', { level: 1, name: 'Deployments' })).toBeVisible()

  const ran = await page.evaluate(async () => {
    const attempts = globalThis as typeof globalThis & { attempts?: string[] }
    attempts.attempts = []
    const blocked = new Promise((resolve) =>
      document.addEventListener('securitypolicyviolation', resolve, { once: true }),
    )
    document.body.insertAdjacentHTML('beforeend', '<img src="data:," onerror="attempts.push(\'handler\')" alt="">')
    await blocked
    return attempts.attempts
  })
  expect(ran).toEqual([])

  for (const path of ['/api/health', '/api/openapi.json', '/api/nothing', '/api/trpc/me.get?input=%7B%7D'])
    expect((await request.get(path)).headers()['cache-control'], path).toContain('no-store')
})

test.describe('for a visitor who is not signed in', () => {
  test.use({ storageState: signedOut })

  test('pages that need no session follow the policy, too', async ({ page }) => {
    const answer = await page.goto('/login')
    expect((await answer?.text())?.match(/<script(?![^>]* nonce=")/g)).toBeNull()
    await expect(page.getByRole('button', { name: 'Sign in' })).toBeEnabled()
  })

  test('unusual requests get neither a 500 nor a redirect to another site', async ({ baseURL }) => {
    const odd: [string, RequestInit?][] = [
      ['/%E0%A4%A'],
      ['/deployments/%'],
      ['/api/deployment/status/%FF'],
      ['/api/trpc/%'],
      ['/api/trpc/me.get?input=%'],
      ['/api/trpc/me.get?batch=1&input=['],
      ['/api/auth/%'],
      [
        '/api/auth/callback/credentials?callbackUrl=javascript:alert(1)',
        { method: 'POST', body: 'callbackUrl=http://[' },
      ],
      ['/api/auth/signin?callbackUrl=http://['],
      ['/api/auth/signout', { method: 'POST', headers: { origin: 'null' } }],
      ['/login?next=//evil.test&next=http://['],
      ['/login', { headers: { cookie: 'theirs=%E0%A4%A; next-auth.session-token=%; next-auth.callback-url=%ZZ' } }],
      ['/api/trpc/me.get', { headers: { cookie: 'next-auth.session-token=%; theirs=%E0' } }],
      ['/api/deployment/deploy', { method: 'PROPFIND' }],
      ['/api/deployment/deploy', { method: 'POST', headers: { origin: 'null', cookie: 'next-auth.session-token=x' } }],
      ['/', { method: 'DELETE' }],
      ['//evil.test/deployments'],
    ]
    for (const [path, init = {}] of odd) {
      const response = await fetch(`${baseURL}${path}`, { ...init, redirect: 'manual' })
      const what = `${init.method ?? 'GET'} ${path}`
      expect(response.status, what).toBeLessThan(500)
      const leadsTo = new URL(response.headers.get('location') ?? '/', baseURL)
      expect(leadsTo.origin, what).toBe(baseURL)
      expect(response.headers.get('access-control-allow-origin'), what).toBeNull()
    }
  })

  test('a large body is refused before it is read', async ({ baseURL }) => {
    const body = 'x'.repeat(2 * 1024 * 1024)
    for (const path of ['/api/auth/callback/credentials', '/api/auth/_log', '/api/auth/login', '/api/trpc/me.get'])
      expect((await fetch(`${baseURL}${path}`, { method: 'POST', body })).status, path).toBe(413)
  })
})
