/**
 * `node --import tsx scripts/screenshots.ts`: takes the images of the README (docs/images) from the real product with
 * its demo fleet and a few deployments, in light and dark mode. For developers: it needs a browser, as the tests do.
 */
import { mkdirSync, statSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { chromium, type Page } from '@playwright/test'
import settings from '../playwright.config'
import { fillDeployForm, openTab, statusOf } from '../testing/pages'
import { Product } from '../testing/product'

const folder = 'docs/images'
const width = 1440
const largestBytes = 250_000
/** Time for programs to fill their memory, and for a timeline of some length. */
const settleMs = 25_000

const apps = [
  {
    name: 'checkout',
    container_image: 'registry.example/checkout:4.2',
    replicas: 4,
    cpu: 2,
    memory: 4096,
    region: 'eu-west',
  },
  { name: 'camera-hub', container_image: 'sim/ok', replicas: 3, cpu: 1.5, memory: 3072, region: 'eu-central' },
  { name: 'vision', container_image: 'registry.example/vision:1.9', replicas: 2, cpu: 2, memory: 4096, gpu: 1 },
  { name: 'edge-cache', container_image: 'varnish:7', replicas: 6, cpu: 1, memory: 2048 },
  { name: 'inventory', container_image: 'postgres:18', replicas: 2, cpu: 4, memory: 16384, region: 'us-west' },
  { name: 'report-export', container_image: 'sim/fail-pull', replicas: 1, cpu: 0.5, memory: 512 },
]

const product = await Product.prepare({ name: 'screenshots', fleet: 'demo' })
try {
  await product.start()
  await deployApps()
  const browser = await chromium.launch(settings.use?.launchOptions)
  // Without transitions, so that nothing is captured half-way.
  const context = await browser.newContext({
    viewport: { width, height: 900 },
    baseURL: product.url,
    reducedMotion: 'reduce',
  })
  const page = await context.newPage()
  await signIn(page)
  await showDeployForm(page)
  await showDeployment(page)
  await showOverview(page)
  await showDrill(page)
  await showNodes(page)
  await browser.close()
} finally {
  await product.remove()
}

async function deployApps(): Promise<void> {
  const post = async (path: string, body: unknown, token = ''): Promise<Record<string, string>> => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` }
    const response = await fetch(`${product.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`)
    return response.json()
  }
  const { access_token } = await post('/api/auth/login', { username: 'admin', password: product.password })
  for (const { cpu, memory, gpu = 0, ...app } of apps) {
    await post('/api/deployment/deploy', { ...app, type: 'compute', resources: { cpu, memory, gpu } }, access_token)
    await sleep(400)
  }
}

async function signIn(page: Page): Promise<void> {
  await page.goto('/login')
  await page.getByLabel('Username').fill('admin')
  await page.getByLabel('Password').fill(product.password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('heading', { name: 'Overview' }).waitFor()
}

async function showDeployForm(page: Page): Promise<void> {
  await page.goto('/deployments/new')
  const web = {
    name: 'web-api',
    image: 'nginx:latest',
    replicas: 3,
    region: 'us-east',
    cpu: 2,
    memory: 2048,
    storage: 20,
  }
  await fillDeployForm(page, web)
  await page.getByText('Fits: 3 replicas on 3 nodes').waitFor()
  await shoot(page, 'deploy-form', 780)
  await page.getByRole('button', { name: 'Deploy', exact: true }).click()
}

async function showDeployment(page: Page): Promise<void> {
  await statusOf(page, 'Running').waitFor()
  await openTab(page, 'Decision')
  await page.getByText(/^Placed 3 on/).waitFor()
  await shoot(page, 'decision', 820)
  await sleep(settleMs)
  await openTab(page, 'Timeline')
  await page.locator('[data-timeline] [data-phase="running"]').nth(2).waitFor()
  await shoot(page, 'timeline', 480)
  await openTab(page, 'Logs')
  await page.getByRole('region', { name: 'Lines' }).locator('[data-line]').nth(12).waitFor()
  await page
    .getByText(/^Waiting for/)
    .first()
    .waitFor({ state: 'hidden' })
  await shoot(page, 'logs', 560)
}

async function showOverview(page: Page): Promise<void> {
  await page.goto('/')
  await page.getByRole('table', { name: 'Recent events' }).waitFor()
  await shoot(page, 'overview', 700)
}

async function showDrill(page: Page): Promise<void> {
  await page.goto('/drill?region=us-east')
  await page.getByText(/^If us-east failed/).waitFor()
  await page.getByRole('table', { name: /^Outcome for each deployment/ }).waitFor()
  await shoot(page, 'drill', 720)
}

async function showNodes(page: Page): Promise<void> {
  await page.goto('/nodes')
  await page.getByRole('button', { name: 'Cordon node-03' }).click()
  await page.getByText('Cordoned').first().waitFor()
  // Without the notification about it.
  await page.reload()
  await page
    .getByRole('img', { name: /in use$/ })
    .nth(20)
    .waitFor()
  await shoot(page, 'nodes', 580)
}

/** Captures the page down to the end of its content. */
async function shoot(page: Page, name: string, height: number): Promise<void> {
  mkdirSync(folder, { recursive: true })
  await page.setViewportSize({ width, height })
  await page.mouse.move(0, 0)
  // The blinking cursor of a field would be in some pictures only.
  await page.evaluate(() => document.activeElement instanceof HTMLElement && document.activeElement.blur())
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    await page.locator(`html[data-theme="${colorScheme}"]`).waitFor()
    const path = `${folder}/${name}-${colorScheme}.png`
    await page.screenshot({ path })
    const { size: bytes } = statSync(path)
    if (bytes > largestBytes) throw new Error(`${path} has ${bytes} bytes: more than a README should load`)
    process.stdout.write(`${path}  ${Math.round(bytes / 1000)} kB\n`)
  }
}
