/**
 * How the pages look, in light and dark mode, wide and narrow, compared with the pictures in `e2e/looks`. Uses a
 * product of its own, with a fleet of constant load and deployments that always go to the same nodes. Texts that depend
 * on the time are covered.
 * After a deliberate change, `npx playwright test looks --update-snapshots` takes new pictures. Review them.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Page } from '@playwright/test'
import { expect, patient, type Rpc, rpcClient, sessionFrom, signedOut, test, tokenFrom } from '@/e2e/support/fixtures'
import { AgentProcess } from '@/testing/agent/process'
import { fillDeployForm } from '@/testing/pages'
import { testFolder } from '@/testing/postgres'
import { Product } from '@/testing/product'

const longMs = 400_000
test.describe.configure({ timeout: longMs })
test.use({ storageState: signedOut, contextOptions: { reducedMotion: 'reduce' } })

interface Visit {
  page: Page
  rpc: Rpc
  /** The URL of a page of this product. */
  at: (path: string) => string
}

const deploymentAt = async ({ rpc, at }: Visit, name: string, query = ''): Promise<string> => {
  const { items } = await rpc.deployment.page.query({ search: name, limit: 1 })
  return at(`/deployments/${items[0]?.id}${query}`)
}

const visits: Record<string, (visit: Visit) => Promise<void>> = {
  overview: async ({ page, at }) => {
    await page.goto(at('/'))
    await expect(page.getByRole('table', { name: 'Capacity by region' })).toBeVisible()
    await expect(page.getByRole('table', { name: 'Recent events' })).toBeVisible()
  },
  deployments: async ({ page, at }) => {
    await page.goto(at('/deployments'))
    await expect(page.getByRole('link', { name: 'edge-cache' })).toBeVisible()
  },
  deploy: async ({ page, at }) => {
    await page.goto(at('/deployments/new'))
    await fillDeployForm(page, { name: 'web', image: 'nginx', replicas: 3, region: 'eu-west' })
    await expect(page.getByText('Fits: 3 replicas on 3 nodes')).toBeVisible()
    await expect(page.locator('[aria-busy="true"]')).toHaveCount(0)
  },
  'deploy-refused': async ({ page, at }) => {
    await page.goto(at('/deployments/new'))
    await fillDeployForm(page, { replicas: 10, cpu: 8, memory: 16384 })
    await expect(page.getByText(/^Insufficient nodes: need 10/)).toBeVisible()
    await page.getByRole('button', { name: 'Deploy', exact: true }).click()
    await expect(page.getByText('Give the deployment a name')).toBeVisible()
  },
  placement: async (visit) => {
    await visit.page.goto(await deploymentAt(visit, 'edge-cache'))
    await expect(visit.page.getByRole('table', { name: 'Replicas' }).getByText('Running')).toHaveCount(4)
  },
  decision: async (visit) => {
    await visit.page.goto(await deploymentAt(visit, 'edge-cache', '?tab=decision'))
    await expect(visit.page.getByText(/^Placed 4 on/)).toBeVisible()
  },
  refusal: async (visit) => {
    await visit.page.goto(await deploymentAt(visit, 'too-large', '?tab=decision'))
    await expect(visit.page.getByRole('heading', { name: /ineligible nodes?/ })).toBeVisible()
  },
  timeline: async (visit) => {
    await visit.page.goto(await deploymentAt(visit, 'edge-cache', '?tab=timeline'))
    await expect(visit.page.locator('[data-timeline] [data-phase="running"]').nth(3)).toBeVisible()
  },
  nodes: async ({ page, at }) => {
    await page.goto(at('/nodes'))
    await expect(page.getByRole('link', { name: 'node-12' })).toBeVisible()
  },
  map: async ({ page, at }) => {
    await page.goto(at('/nodes?view=map'))
    await expect(page.getByRole('listbox', { name: 'Nodes in eu-west' })).toBeVisible()
  },
  node: async ({ page, rpc, at }) => {
    const { nodes } = await rpc.node.page.query({ search: 'node-03' })
    await page.goto(at(`/nodes/${nodes[0]?.id}`))
    await expect(page.getByRole('table', { name: 'Events' })).toBeVisible()
  },
  scores: async ({ page, at }) => {
    await page.goto(at('/scores?replicas=2&region=eu-west&compare=node-01,node-02'))
    await expect(page.getByRole('region', { name: 'Comparison' })).toBeVisible()
  },
  decisions: async ({ page, at }) => {
    await page.goto(at('/decisions'))
    await expect(page.getByRole('table', { name: /^Decisions/ })).toContainText('Refused')
  },
  drill: async ({ page, at }) => {
    await page.goto(at('/drill?region=eu-west'))
    await expect(page.getByRole('table', { name: /^Outcome for each deployment/ })).toBeVisible()
  },
  events: async ({ page, at }) => {
    await page.goto(at('/events'))
    await expect(page.getByRole('table', { name: 'Events, newest first' })).toBeVisible()
  },
  history: async ({ page, at }) => {
    await page.goto(at('/history'))
    await expect(page.getByRole('listbox', { name: 'Nodes in us-east' })).toBeVisible()
  },
  join: async ({ page, at }) => {
    await page.goto(at('/admin/join'))
    await expect(page.getByRole('table', { name: /^Join tokens/ })).toBeVisible()
  },
  notifications: async ({ page, rpc, at }) => {
    const made = (await rpc.notification.list.query()).find(({ name }) => name === 'Operations')
    if (!made)
      await rpc.notification.create.mutate({
        name: 'Operations',
        kind: 'slack',
        url: 'http://127.0.0.1:9/hooks/of-nobody',
        events: ['work.stuck'],
      })
    await page.goto(at('/admin/notifications'))
    await expect(page.getByText('Operations', { exact: true })).toBeVisible()
  },
  settings: async ({ page, at }) => {
    await page.goto(at('/admin/settings'))
    await expect(page.getByRole('button', { name: 'Try on past decisions' })).toBeVisible()
  },
  users: async ({ page, at }) => {
    await page.goto(at('/admin/users'))
    await expect(page.getByRole('table', { name: 'Users' })).toBeVisible()
  },
}

/**
 * Texts that depend on the time: different in every run, but always in the same place. For single moments see
 * ../looks/still.css.
 */
const passing = (page: Page) => [
  page.locator('[data-timeline]'),
  page.getByRole('region', { name: 'Time', exact: true }),
]

/** The version of the browser that drew the pictures. Other versions place letters slightly differently. */
const drawnBy = resolve('e2e/looks/browser.txt')
const mayDiffer = { here: 0.002, elsewhere: 0.05 }

const sizes = [
  { width: 1440, height: 900 },
  { width: 360, height: 780 },
]

const dataDir = join(testFolder, `looks-fleet-${process.pid}`)
let product: Product
let fleet: AgentProcess
let rpc: Rpc
let cookies: Awaited<ReturnType<typeof sessionFrom>>['cookies']

test.beforeAll(async ({ playwright, browser }, { config }) => {
  if (['all', 'changed'].includes(config.updateSnapshots)) writeFileSync(drawnBy, `${browser.version()}\n`)
  // The timeout that is configured above applies to tests only.
  test.setTimeout(longMs)
  product = await Product.prepare({ name: 'e2e-looks', fleet: 'none' })
  await product.start()
  const admin = { username: 'admin', password: product.password }
  rpc = rpcClient(product.url, await tokenFrom(playwright, product.url, admin))
  cookies = (await sessionFrom(playwright, product.url, admin)).cookies
  const { token } = await rpc.joinToken.create.mutate({ name: 'fleet', max_nodes: null, expires_in_hours: 24 })
  fleet = new AgentProcess('fleet', ['--server', product.url, '--load', 'still', '--data-dir', dataDir], { token })
  await everyNodeMeasured()
  await deploy('web-api', { replicas: 3, region: 'eu-west' })
  await deploy('camera-hub', { replicas: 2, region: 'us-east', container_image: 'sim/ok:2' })
  await deploy('edge-cache', { replicas: 4, container_image: 'varnish:7' })
  await deploy('too-large', { replicas: 10, resources: { cpu: 8, memory: 16384 } }, 'failed')
})

test.afterAll(async () => {
  test.setTimeout(longMs)
  await fleet?.end('SIGKILL')
  await product?.remove()
  rmSync(dataDir, { recursive: true, force: true })
})

type Deploy = Parameters<Rpc['deployment']['deploy']['mutate']>[0]

/** Deploys one after the other, so that each decision sees the load that the previous one left. */
async function deploy(name: string, placementRules: Partial<Deploy>, ends = 'running'): Promise<void> {
  const { deployment_id: id } = await rpc.deployment.deploy.mutate({
    ...{ name, type: 'compute', container_image: 'sim/ok', replicas: 1, resources: { cpu: 0.5, memory: 512 } },
    ...placementRules,
  })
  await expect.poll(async () => (await rpc.deployment.detail.query({ id })).status, patient).toBe(ends)
  await everyNodeMeasured()
}

/**
 * Waits until every node has reported its load twice. The first of these reports may have been measured before this
 * function was called, and the load decides where the next deployment goes.
 */
async function everyNodeMeasured(): Promise<void> {
  for (let times = 0; times < 2; times++) {
    const since = Date.now()
    const reported = async () =>
      (await rpc.node.list.query()).filter(
        ({ cpuUsagePercent, lastHeartbeat }) => cpuUsagePercent !== null && Date.parse(lastHeartbeat ?? '') > since,
      )
    await expect.poll(async () => (await reported()).length, patient).toBe(12)
  }
}

for (const [name, visit] of Object.entries(visits)) {
  test(`${name} looks as it did`, async ({ page, browser }) => {
    const same = readFileSync(drawnBy, 'utf8').trim() === browser.version()
    const maxDiffPixelRatio = same ? mayDiffer.here : mayDiffer.elsewhere
    await page.context().addCookies(cookies)
    await visit({ page, rpc, at: (path) => `${product.url}${path}` })
    for (const { width, height } of sizes) {
      await page.setViewportSize({ width, height })
      await expect.poll(() => numbersCutOff(page), `numbers that are cut off at ${width} px`).toEqual([])
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
        await expect(page.locator('html')).toHaveAttribute('data-theme', colorScheme)
        // A click may have scrolled the page to its target.
        await page.evaluate(() => window.scrollTo(0, 0))
        await expect
          .soft(page)
          .toHaveScreenshot(`${name}-${colorScheme}-${width}.png`, { mask: passing(page), maxDiffPixelRatio })
      }
    }
  })
}

/** Numbers are right-aligned in their columns. Checked here, where they are the same in every run. */
const numbersCutOff = (page: Page): Promise<(string | null)[]> =>
  page
    .locator('td, th')
    .evaluateAll((cells) =>
      cells
        .filter((cell) => getComputedStyle(cell).textAlign === 'right' && cell.scrollWidth > cell.clientWidth)
        .map((cell) => cell.textContent),
    )
