/** A signed-in user, and browser windows of that user. */
import type { Browser, BrowserContext } from '@playwright/test'
import { fillSignIn } from '@/testing/pages'
import type { Product } from '@/testing/product'

export interface Session {
  baseURL: string
  storageState: Awaited<ReturnType<BrowserContext['storageState']>>
}

export async function signIn(browser: Browser, product: Product): Promise<Session> {
  const context = await browser.newContext({ baseURL: product.url })
  const page = await context.newPage()
  await page.goto('/login')
  await fillSignIn(page, 'admin', product.password)
  await page.waitForURL((url) => url.pathname !== '/login')
  const storageState = await context.storageState()
  await context.close()
  return { baseURL: product.url, storageState }
}

/** Functions that are sent to a page are compiled to calls of this helper. */
const names = 'globalThis.__name = (one) => one'

/** A separate window with an empty cache. */
export async function newWindow(browser: Browser, session: Session): Promise<BrowserContext> {
  const context = await browser.newContext({ ...session, viewport: { width: 1440, height: 900 } })
  await context.addInitScript(names)
  return context
}
