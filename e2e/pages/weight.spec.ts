/** How much script the first visit of a page loads. How long a page takes depends on the machine: see bench/. */
import type { Page } from '@playwright/test'
import { destinations } from '@/app/shell/nav'
import { expect, type Rpc, test } from '@/e2e/support/fixtures'

const mostBytes = 220 * 1024
/** The form validates a deployment with the server's own rules before anything is sent. */
const mostBytesWithForm = 235 * 1024
const hasForm = (path: string): boolean => path === '/deployments/new' || path.endsWith('/update')

interface Place {
  deploy: () => Promise<string>
  rpc: Rpc
}

const places: Record<string, (place: Place) => Promise<string>> = {
  ...Object.fromEntries(destinations.map(({ label, href }) => [label, async () => href])),
  'a deployment': async ({ deploy }) => `/deployments/${await deploy()}`,
  'the update of a deployment': async ({ deploy }) => `/deployments/${await deploy()}/update`,
  'a node': async ({ rpc }) => `/nodes/${(await rpc.node.list.query())[0]?.id}`,
}

/** Bytes as transferred, until the page has nothing left to load. */
async function scriptBytes(page: Page, path: string): Promise<number> {
  const sizes: Promise<number>[] = []
  page.on('requestfinished', (request) => {
    if (request.resourceType() === 'script')
      sizes.push(request.sizes().then(({ responseBodySize }) => responseBodySize))
  })
  await page.goto(path)
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  await expect(page.locator('main .appear-late')).toHaveCount(0)
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
}

for (const [what, pathOf] of Object.entries(places))
  test(`loads at most 220 kB of script, or 235 kB with the deploy form: ${what}`, async ({ page, deploy, rpc }) => {
    const path = await pathOf({ deploy, rpc })
    const bytes = await scriptBytes(page, path)
    expect(bytes).toBeGreaterThan(100_000)
    expect(bytes).toBeLessThanOrEqual(hasForm(path) ? mostBytesWithForm : mostBytes)
  })
