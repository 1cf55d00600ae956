/**
 * Three real Docker engines on this machine, three agents, and a product without simulated nodes: what is deployed in
 * the browser really runs, with its limits, and what is deleted is really gone.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { DockerHttp } from '@/agent/engines/docker/http'
import { expect, type Rpc, rpcClient, signedOut, test } from '@/e2e/support/fixtures'
import { pageAt } from '@/testing/agent/builders'
import { type EngineCluster, startEngines, type TestEngine, unavailable } from '@/testing/engines/cluster'
import { fillDeployForm, statusOf } from '@/testing/pages'
import { testFolder } from '@/testing/postgres'
import { Product } from '@/testing/product'

const image = 'fogdeck-test/web:1'
const patient = { timeout: 180_000 }
const isCi = /^(true|1)$/i.test(process.env.CI ?? '')
const lacking = process.env.FOGDECK_SKIP_ENGINES || unavailable()

const longMs = 400_000
test.describe.configure({ timeout: longMs })
// The spec has a product of its own, with its own sessions.
test.use({ storageState: signedOut })
// A developer's machine may lack engines, but on CI that is an error in the set-up.
test.skip(lacking !== null && !isCi, `no real container engines: ${lacking}`)
// Printed once, because the list of tests shows only a dash for a skipped test.
if (lacking !== null && process.env.TEST_WORKER_INDEX === undefined)
  process.stderr.write(`\nWithout real container engines (e2e/fleet/engines.spec.ts): ${lacking}\n`)

let product: Product
let cluster: EngineCluster
let rpc: Rpc
let token: string
const agents = new Map<TestEngine, Agent>()

test.beforeAll(async () => {
  // The timeout that is configured above applies to tests only.
  test.setTimeout(longMs)
  if (lacking !== null) throw new Error(`Real container engines cannot be started: ${lacking}`)
  product = await Product.prepare({ name: 'e2e-engines', fleet: 'none' })
  const started = startEngines(3)
  await product.start()
  cluster = await started
  const login = await fetch(`${product.url}/api/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: 'admin', password: product.password }),
  })
  token = ((await login.json()) as { access_token: string }).access_token
  rpc = rpcClient(product.url, token)
  const join = await rpc.joinToken.create.mutate({ name: 'engines', max_nodes: 3, expires_in_hours: 1 })
  for (const engine of cluster.engines) agents.set(engine, new Agent(engine))
  for (const agent of agents.values()) agent.start(join.token)
  await expect.poll(readyNodes, patient).toEqual(['engine-1', 'engine-2', 'engine-3'])
})

test.afterAll(async () => {
  test.setTimeout(longMs)
  await Promise.all([...agents.values()].map((agent) => agent.remove()))
  await product?.remove()
  await cluster?.stop()
})

const readyNodes = async (): Promise<string[]> =>
  (await rpc.node.list.query()).filter(({ ineligible }) => ineligible === null).map(({ nodeId }) => nodeId)

/** `npm run agent` on the machine of an engine, in its network and with its socket. */
class Agent {
  private readonly dataDir: string
  private child: ChildProcess | null = null

  constructor(private readonly engine: TestEngine) {
    this.dataDir = join(testFolder, `agent-${engine.name}-${process.pid}`)
  }

  /** The token is needed at the first start only. */
  start(joinToken?: string): void {
    const { name, socket, gateway, inside } = this.engine
    const [enter = '', ...entering] = inside
    const size = ['--cpu', '2', '--memory', '2048', '--storage', '20']
    const flags = ['--name', name, '--socket', socket, '--region', 'lab', ...size, '--data-dir', this.dataDir]
    const server = ['--server', `http://${gateway}:${product.port}`]
    const command = [process.execPath, '--import', 'tsx', 'agent/cli/main.ts', ...server, ...flags]
    const env = { ...process.env, ...(joinToken ? { FOGDECK_JOIN_TOKEN: joinToken } : {}) }
    const log = openSync(join(testFolder, `e2e-${name}.log`), 'a')
    this.child = spawn(enter, [...entering, ...command], { env, stdio: ['ignore', log, log] })
    closeSync(log)
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const { child } = this
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
  }

  async remove(): Promise<void> {
    await this.kill('SIGTERM')
    rmSync(this.dataDir, { recursive: true, force: true })
  }
}

interface Container {
  Id: string
  State: string
  Labels: Record<string, string>
}

async function containersOn(engine: TestEngine): Promise<Container[]> {
  const http = new DockerHttp(engine.socket)
  // The answer of the Engine API, as documented.
  return (await http.json({ path: '/containers/json', query: { all: true } })) as Container[]
}

const allContainers = async (): Promise<string[]> =>
  (await Promise.all(cluster.engines.map(async (engine) => (await containersOn(engine)).map(({ Id }) => Id))))
    .flat()
    .sort()

/** When each container last started, which tells a restarted container from an untouched one. */
const startsOf = async (): Promise<string[]> => {
  const starts: string[] = []
  for (const engine of cluster.engines)
    for (const { Id } of await containersOn(engine))
      starts.push(`${Id} ${(await inspected(engine, Id)).State.StartedAt}`)
  return starts.sort()
}

async function inspected(engine: TestEngine, id: string) {
  const http = new DockerHttp(engine.socket)
  return (await http.json({ path: `/containers/${id}/json` })) as {
    HostConfig: { NanoCpus: number; Memory: number }
    Config: { Env: string[]; Image: string }
    State: { Running: boolean; StartedAt: string }
  }
}

const reservations = () =>
  product.sql<{ cpu: number; memory: number; storage: number; gpu: number }>(
    `select sum(reserved_cpu_millis)::int as cpu, sum(reserved_memory_mb)::int as memory,
       sum(reserved_storage_gb)::int as storage, sum(reserved_gpu)::int as gpu from nodes`,
  )

async function signIn(page: Page): Promise<void> {
  await page.goto(`${product.url}/login`)
  await page.getByLabel('Username').fill('admin')
  await page.getByLabel('Password').fill(product.password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page).toHaveURL(/:\d+\/$/)
}

test('a deployment from the browser runs on three engines and answers, and is gone once deleted', async ({ page }) => {
  await signIn(page)
  await page.goto(`${product.url}/nodes`)
  await expect(page.getByRole('table', { name: 'Nodes' }).locator('tbody').getByRole('link')).toHaveText([
    'engine-1',
    'engine-2',
    'engine-3',
  ])
  await expect(page.getByText('simulated')).toHaveCount(0)

  await page.goto(`${product.url}/deployments/new`)
  await fillDeployForm(page, { name: 'web-api', image, replicas: 3, cpu: 0.5, memory: 512, storage: 5 })
  await page.locator('summary').filter({ hasText: 'Advanced' }).click()
  await page.getByRole('button', { name: 'Add a port' }).click()
  await page.getByLabel('Container port 1', { exact: true }).fill('80')
  await page.getByRole('button', { name: 'Add a variable' }).click()
  await page.getByLabel('Name of variable 1').fill('MESSAGE')
  await page.getByLabel('Value of variable 1').fill('good morning')
  await expect(page.getByText('Fits: 3 replicas on 3 nodes')).toBeVisible()
  await page.getByRole('button', { name: 'Deploy', exact: true }).click()
  await expect(statusOf(page, 'Running')).toBeVisible(patient)
  await expect(page.getByText('3/3 running')).toBeVisible()

  for (const engine of cluster.engines) {
    const [container, ...more] = await containersOn(engine)
    expect(more).toEqual([])
    expect(container?.State).toBe('running')
    expect(container?.Labels).toMatchObject({ 'fogdeck.deployment-name': 'web-api', 'fogdeck.generation': '1' })
    const { HostConfig, Config } = await inspected(engine, container?.Id ?? '')
    expect(HostConfig).toMatchObject({ NanoCpus: 500_000_000, Memory: 512 * 1024 * 1024 })
    expect(Config.Env).toContain('MESSAGE=good morning')

    // The page shows an address, and the container answers there.
    const row = page.getByRole('table', { name: 'Replicas' }).getByRole('row').filter({ hasText: engine.name })
    const link = row.getByRole('link', { name: /^\d+$/ })
    await expect(link).toHaveAttribute('href', new RegExp(`^http://${engine.address}:\\d+/?$`))
    const answer = await pageAt((await link.getAttribute('href')) ?? '')
    expect(answer.status).toBe(200)
    const text = await answer.text()
    expect(text).toContain(`Hello from ${container?.Id.slice(0, 12)}`)
    expect(text).toContain('good morning')
  }
  const [popup] = await Promise.all([
    page.waitForEvent('popup'),
    page.getByRole('table', { name: 'Replicas' }).getByRole('link', { name: /^\d+$/ }).first().click(),
  ])
  await expect(popup.getByRole('heading', { name: /^Hello from/ })).toBeVisible()
  await popup.close()
  expect(await reservations()).toEqual([{ cpu: 1500, memory: 1536, storage: 15, gpu: 0 }])

  await page.getByRole('button', { name: 'Delete' }).click()
  const dialog = page.getByRole('dialog', { name: 'Delete web-api?' })
  await dialog.getByRole('textbox').fill('web-api')
  await dialog.getByRole('button', { name: 'Delete' }).click()
  await expect(statusOf(page, 'Deleted')).toBeVisible(patient)
  await expect.poll(allContainers, patient).toEqual([])
  await expect.poll(reservations, patient).toEqual([{ cpu: 0, memory: 0, storage: 0, gpu: 0 }])
})

test("a deployment whose image no engine has fails with the engine's own message", async ({ page }) => {
  await signIn(page)
  await page.goto(`${product.url}/deployments/new`)
  await fillDeployForm(page, { name: 'no-image', image: 'localhost:1/no/such:image', cpu: 0.5 })
  await page.getByRole('button', { name: 'Deploy', exact: true }).click()
  await expect(statusOf(page, 'Failed')).toBeVisible(patient)
  await expect(page.getByRole('main').locator('header')).toContainText(/Replica 1 failed 3 times: .*connection refused/)
  expect(await allContainers()).toEqual([])
  await expect.poll(reservations, patient).toEqual([{ cpu: 0, memory: 0, storage: 0, gpu: 0 }])
})

test('everything is killed between 202 and running: after the next start the deployment runs, once', async () => {
  // Frozen engines hold the deployment at that point for as long as the test needs.
  for (const engine of cluster.engines) engine.freeze()
  const { deployment_id: id } = await rpc.deployment.deploy.mutate({
    name: 'survivor',
    type: 'compute',
    container_image: image,
    replicas: 3,
    resources: { cpu: 0.5, memory: 512 },
    ports: [{ container: 80, host: 8080 }],
  })
  const status = async () => (await rpc.deployment.detail.query({ id }).catch(() => null))?.status
  await expect.poll(status, patient).toBe('scheduled')
  await product.killAll({ database: true })
  await Promise.all([...agents.values()].map((agent) => agent.kill()))
  for (const engine of cluster.engines) engine.thaw()
  await product.start()
  for (const agent of agents.values()) agent.start()
  await expect.poll(status, patient).toBe('running')
  const before = await startsOf()
  expect(before).toHaveLength(3)

  // A second kill, while it runs: the same containers are adopted.
  await product.killAll({ database: false })
  await Promise.all([...agents.values()].map((agent) => agent.kill()))
  await product.start()
  for (const agent of agents.values()) agent.start()
  const nodesOnline = () =>
    product.sql<{ nodes: number }>(
      `select count(*)::int as nodes from nodes where last_heartbeat > now() - interval '4 seconds'`,
    )
  await expect.poll(nodesOnline, patient).toEqual([{ nodes: 3 }])
  expect(await startsOf()).toEqual(before)
  expect(await status()).toBe('running')
  for (const engine of cluster.engines)
    expect(await (await pageAt(`http://${engine.address}:8080/`)).text()).toContain('Hello from')
  const history = await product.sql<{ change: string }>(
    `select old_status || ' > ' || new_status as change from deployment_status_history where deployment_id = $1 order by seq`,
    [id],
  )
  expect(history.map(({ change }) => change)).toEqual(['none > pending', 'pending > scheduled', 'scheduled > running'])
  const attempts = await product.sql<{ slot: number; generation: number }>(
    'select slot, generation from deployment_replicas where deployment_id = $1 order by slot',
    [id],
  )
  expect(attempts).toEqual([0, 1, 2].map((slot) => ({ slot, generation: 1 })))

  await rpc.deployment.delete.mutate({ deployment_id: id })
  await expect.poll(allContainers, patient).toEqual([])
})
