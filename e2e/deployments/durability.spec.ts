/**
 * `kill -9` at the worst moments: a deployment that was answered 202 reaches running by itself, and exactly once. Uses
 * a product of its own with simulated nodes; e2e/fleet/engines.spec.ts does the same with real containers.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, sessionFrom, signedOut, test } from '@/e2e/support/fixtures'
import { statusOf as statusOnPage } from '@/testing/pages'
import { Product } from '@/testing/product'

const longMs = 400_000
test.describe.configure({ timeout: longMs })
const patient = { timeout: 180_000 }

let product: Product
let token: string

test.beforeAll(async () => {
  // The timeout that is configured above applies to tests only.
  test.setTimeout(longMs)
  product = await Product.prepare({ name: 'e2e-durability', fleet: 'demo', env: { LOG_LEVEL: 'debug' } })
  await product.start()
  const credentials = { username: 'admin', password: product.password }
  token = (await call('/api/auth/login', credentials)).access_token
})
test.afterAll(async () => {
  test.setTimeout(longMs)
  await product?.remove()
})

// biome-ignore lint/suspicious/noExplicitAny: answers of the contract, which e2e/operations/contract.spec.ts asserts
async function call(path: string, body?: unknown): Promise<any> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` }
  const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }
  const response = await fetch(`${product.url}${path}`, { ...init, headers })
  return response.json()
}

/** Deploys and returns the id, once the call is answered with 202. */
async function deploy(name: string, image = 'sim/slow:5s'): Promise<string> {
  const resources = { cpu: 0.5, memory: 512 }
  const answer = await call('/api/deployment/deploy', {
    name,
    type: 'compute',
    container_image: image,
    replicas: 3,
    resources,
  })
  expect(answer).toMatchObject({ success: true, status: 'pending' })
  return answer.deployment_id
}

/** Null while the server is away. */
const statusOf = async (id: string): Promise<string | null> =>
  (await call(`/api/deployment/status/${id}`).catch(() => null))?.status ?? null

const replicasOf = (id: string) =>
  product.sql<{ slot: number; generation: number; status: string; wanted: string }>(
    'select slot, generation, status, wanted from deployment_replicas where deployment_id = $1 order by slot, generation',
    [id],
  )

/** Three replicas without a second attempt, one container for each, and one history row for each step. */
async function expectRunningOnce(id: string): Promise<void> {
  await expect.poll(() => statusOf(id), patient).toBe('running')
  const running = { generation: 1, status: 'running', wanted: 'run' }
  expect(await replicasOf(id)).toEqual([0, 1, 2].map((slot) => ({ slot, ...running })))
  expect(containersOf(id)).toHaveLength(3)
  expect(await historyOf(id)).toEqual(['none > pending', 'pending > scheduled', 'scheduled > running'])
}

const historyOf = async (id: string): Promise<string[]> => {
  const rows = await product.sql<{ old_status: string; new_status: string }>(
    'select old_status, new_status from deployment_status_history where deployment_id = $1 order by seq',
    [id],
  )
  return rows.map(({ old_status, new_status }) => `${old_status} > ${new_status}`)
}

/** What the simulated engines hold, read from the files in which they keep their state. */
function containersOf(deploymentId: string): { id: string; startedAt: number | null }[] {
  const folder = join(product.dataDir, 'agents', 'demo', 'engines')
  if (!existsSync(folder)) return []
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'))
  return files.flatMap((name) => {
    const { containers } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as {
      containers: { id: string; startedAt: number | null; spec: { labels: Record<string, string> } }[]
    }
    return containers
      .filter(({ spec }) => spec.labels['fogdeck.deployment'] === deploymentId)
      .map(({ id, startedAt }) => ({ id, startedAt }))
  })
}

const untilStarting = (id: string) =>
  expect.poll(async () => (await replicasOf(id)).map(({ status }) => status), patient).toContain('starting')

test('everything is killed while containers start: after the next start the deployment runs, once', async () => {
  const id = await deploy('killed-while-starting')
  await untilStarting(id)
  await product.killAll({ database: false })
  const [{ status } = { status: '' }] = await product.sql<{ status: string }>(
    'select status from deployments where id = $1',
    [id],
  )
  expect(status).toBe('scheduled')
  await product.start()
  await expectRunningOnce(id)
})

test('everything, including the database, is killed before scheduling: after the next start the deployment runs, once', async () => {
  await product.kill('scheduler', 'SIGSTOP')
  const id = await deploy('killed-while-pending')
  expect(await statusOf(id)).toBe('pending')
  await product.killAll({ database: true })
  await product.start()
  await expectRunningOnce(id)
})

test('the web server is killed while containers start: the deployment continues by itself', async () => {
  const id = await deploy('web-killed')
  await untilStarting(id)
  const killed = await product.kill('web')
  await expectRunningOnce(id)
  expect(await product.pidOf('web')).not.toBe(killed)
})

test.describe('an open page', () => {
  // The browser logs calls that nobody answers.
  test.use({ storageState: signedOut, allowedOnConsole: [/Failed to load resource|net::ERR_/] })

  test('says that it is disconnected, then that its data is stale, and catches up by itself', async ({
    page,
    playwright,
  }) => {
    const who = { username: 'admin', password: product.password }
    await page.context().addCookies((await sessionFrom(playwright, product.url, who)).cookies)
    // Nothing is decided until the page is disconnected. Everything then happens while it cannot see it.
    await product.kill('scheduler', 'SIGSTOP')
    const id = await deploy('watched')
    await page.goto(`${product.url}/deployments/${id}`)
    const live = page.locator('[data-live]:visible')
    await expect(live).toHaveText('Live')
    await expect(statusOnPage(page, 'Pending')).toBeVisible()
    await product.kill('web', 'SIGSTOP')
    await product.kill('scheduler', 'SIGCONT')
    await expect(live).toHaveText('Reconnecting', patient)
    await expect(live).toHaveText('Stale', patient)
    await product.kill('web')
    await expect(live).toHaveText('Live', patient)
    await expect(statusOnPage(page, 'Running')).toBeVisible(patient)
  })
})

test('the scheduler is killed before it decides: the deployment continues by itself', async () => {
  await product.kill('scheduler', 'SIGSTOP')
  const id = await deploy('scheduler-killed')
  expect(await statusOf(id)).toBe('pending')
  await product.kill('scheduler')
  await expectRunningOnce(id)
})

test('the agents are killed while containers start: they continue with the same containers', async () => {
  const id = await deploy('agents-killed')
  await untilStarting(id)
  await product.kill('fleet')
  await expectRunningOnce(id)
  // A second kill, while the containers run: they are adopted, not restarted.
  const before = containersOf(id)
  await product.kill('fleet')
  await expect.poll(() => product.pidOf('fleet'), patient).not.toBeNull()
  const seenFrom = () =>
    product.sql<{ nodes: number }>(
      `select count(*)::int as nodes from nodes where last_heartbeat > now() - interval '4 seconds' and status = 'active'`,
    )
  await expect.poll(async () => (await seenFrom())[0]?.nodes, patient).toBeGreaterThan(2)
  await expectRunningOnce(id)
  expect(containersOf(id)).toEqual(before)
})

test('the database is killed while containers start: the deployment continues by itself', async () => {
  const id = await deploy('database-killed')
  await untilStarting(id)
  await product.killDatabase()
  await expectRunningOnce(id)
})

test('the log tells how a deployment was handled', async () => {
  const from = product.output.length
  const id = await deploy('web-api', 'sim/ok')
  await expect.poll(() => statusOf(id), patient).toBe('running')
  const said = () =>
    product.output
      .slice(from)
      .split('\n')
      .flatMap((line) => (line.startsWith('{') ? [(JSON.parse(line) as { msg: string }).msg] : []))
  const expected = [
    'Creating deployment: web-api (compute) for user admin',
    `Created deployment record ${id} for web-api with 3 replicas`,
    `Queued deployment ${id} for scheduling`,
    `Scheduling deployment ${id}: 3 replicas, 0.5 CPU, 512 MB RAM`,
    /^Found \d+ nodes with capacity: >=0\.5 CPU, >=512 MB$/,
    /^Node scoring complete\. Top 3: node-\d+=0\.\d\d, node-\d+=0\.\d\d, node-\d+=0\.\d\d$/,
    /^Selected 3 nodes for deployment: \[node-\d+, node-\d+, node-\d+\]$/,
    /^Created replica [0-9a-f-]{36} on node node-\d+ \(score: 0\.\d\d\)$/,
    `Deployment ${id} status: pending -> scheduled (reason: Scheduled 3 replicas)`,
    /^Replica [0-9a-f-]{36} transitioned to RUNNING$/,
    `Deployment ${id} status: scheduled -> running (reason: All 3 replicas started)`,
    `Successfully scheduled deployment ${id} with 3 replicas`,
  ]
  const missing = () =>
    expected.filter((line) => !said().some((one) => (typeof line === 'string' ? one === line : line.test(one))))
  await expect.poll(missing, patient).toEqual([])
})
