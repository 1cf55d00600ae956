/**
 * Most of a region goes offline at once: none of its replicas move, every page says so, and when the nodes return the
 * same containers are still running. Or an operator overrides the protection; the report of the return then says what
 * became of each replica. Uses a product of its own with two simulated fleets, one of which is frozen.
 */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { expect, type Rpc, rpcClient, sessionFrom, signedOut, test, tokenFrom } from '@/e2e/support/fixtures'
import { expectFlawless } from '@/e2e/support/flawless'
import { AgentProcess } from '@/testing/agent/process'
import { testFolder } from '@/testing/postgres'
import { Product } from '@/testing/product'

const longMs = 400_000
test.describe.configure({ mode: 'serial', timeout: longMs })
const patient = { timeout: 180_000 }
// Without motion, so that axe does not measure colours in transition. The spec has a product and sessions of its own.
test.use({ storageState: signedOut, contextOptions: { reducedMotion: 'reduce' } })

let product: Product
let rpc: Rpc
/** Four nodes of eu-west that go offline together. */
let cut: AgentProcess
/** One more node of eu-west and four elsewhere, which stay online. */
let near: AgentProcess
let stable: string
let renewed: string

const dataDirOf = (prefix: string): string => join(testFolder, `storm-${prefix}-${process.pid}`)

function startFleet(prefix: string, { regions, token }: { regions: string[]; token: string }): AgentProcess {
  const nodes = ['--nodes', String(regions.length), '--regions', regions.join(), '--prefix', `${prefix}-`]
  return new AgentProcess('fleet', ['--server', product.url, '--data-dir', dataDirOf(prefix), ...nodes], { token })
}

/** The connections stay open, as behind a network that drops everything. */
const freeze = (fleet: AgentProcess): boolean => fleet.child.kill('SIGSTOP')
const thaw = (fleet: AgentProcess): boolean => fleet.child.kill('SIGCONT')

test.beforeAll(async ({ playwright }) => {
  // The timeout that is configured above applies to tests only.
  test.setTimeout(longMs)
  product = await Product.prepare({ name: 'e2e-storm', fleet: 'none' })
  await product.start()
  rpc = rpcClient(
    product.url,
    await tokenFrom(playwright, product.url, { username: 'admin', password: product.password }),
  )
  await rpc.settings.setHeartbeat.mutate({ everySeconds: 1, limitSeconds: 5 })
  const { token } = await rpc.joinToken.create.mutate({ name: 'fleets', max_nodes: null, expires_in_hours: 1 })
  cut = startFleet('cut', { regions: Array(4).fill('eu-west'), token })
  near = startFleet('near', { regions: ['eu-west', ...Array(4).fill('us-east')], token })
  const ready = async () => (await rpc.node.list.query()).filter(({ ineligible }) => ineligible === null)
  await expect.poll(async () => (await ready()).length, patient).toBe(9)

  // At first everything runs on the nodes that will be cut off.
  const skipped = (await ready()).filter(({ nodeId }) => nodeId.startsWith('near-'))
  for (const { id } of skipped) await rpc.node.cordon.mutate({ id, cordoned: true })
  stable = await deploy('steady', 4)
  renewed = await deploy('renewed', 1)
  for (const { id } of skipped) await rpc.node.cordon.mutate({ id, cordoned: false })
})

test.afterAll(async () => {
  test.setTimeout(longMs)
  for (const fleet of [cut, near]) await fleet?.end('SIGKILL')
  await product?.remove()
  for (const prefix of ['cut', 'near']) rmSync(dataDirOf(prefix), { recursive: true, force: true })
})

async function deploy(name: string, replicas: number): Promise<string> {
  const { deployment_id } = await rpc.deployment.deploy.mutate({
    name,
    type: 'compute',
    container_image: 'sim/ok',
    replicas,
    region: 'eu-west',
    lost_after: 1,
    resources: { cpu: 0.5, memory: 512 },
  })
  await expect
    .poll(async () => (await rpc.deployment.detail.query({ id: deployment_id })).status, patient)
    .toBe('running')
  return deployment_id
}

interface Attempt {
  slot: number
  generation: number
  status: string
  wanted: string
  node: string
  container: string
  started: Date
}

/** All attempts, past and present. */
const attempts = (deploymentId: string) =>
  product.sql<Attempt>(
    `select r.slot, r.generation, r.status, r.wanted, n.node_id as node, r.container_id as container, r.started_at as started
     from deployment_replicas r join nodes n on n.id = r.node_id where r.deployment_id = $1 order by r.slot, r.generation`,
    [deploymentId],
  )

async function nodePage(page: Page, nodeId: string): Promise<void> {
  const node = (await rpc.node.list.query()).find((one) => one.nodeId === nodeId)
  await page.goto(`${product.url}/nodes/${node?.id}`)
}

const banner = (page: Page) => page.getByRole('region', { name: 'Outage protection' })
const outageMetric = async () =>
  (await (await fetch(`${product.url}/api/metrics`)).text())
    .split('\n')
    .filter((line) => line.startsWith('fogdeck_outage_protection'))

test('an outage moves nothing, and afterwards the same containers run on', async ({
  page,
  playwright,
  anotherPage,
}) => {
  const who = { username: 'admin', password: product.password }
  await page.context().addCookies((await sessionFrom(playwright, product.url, who)).cookies)
  const before = [...(await attempts(stable)), ...(await attempts(renewed))]
  expect(before.map(({ node, status }) => `${node.slice(0, 4)} ${status}`)).toEqual(Array(5).fill('cut- running'))
  await page.goto(`${product.url}/deployments`)
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  await expect(banner(page)).toBeHidden()

  freeze(cut)
  await expect(banner(page)).toContainText('4 of 5 nodes of eu-west are offline', patient)
  await expect(banner(page)).toContainText('replicas stay in place until nodes return')
  expect(await outageMetric()).toEqual([
    'fogdeck_outage_protection_active{region="eu-west"} 1',
    'fogdeck_outage_protection_offline_nodes{region="eu-west"} 4',
  ])
  // Far longer than the second after which these deployments would be replaced, and than any loss is delayed.
  const outage = () =>
    product.sql<{ long: boolean }>(
      `select bool_and(last_heartbeat < now() - interval '20 seconds') as long from nodes where node_id like 'cut-%'`,
    )
  await expect.poll(async () => (await outage())[0]?.long, patient).toBe(true)
  await page.goto(`${product.url}/nodes`)
  await expect(banner(page)).toBeVisible()
  await expectFlawless(page)

  const viewer = { username: 'looks-on', password: 'a quiet Harbour 42' }
  await rpc.user.create.mutate({ ...viewer, role: 'viewer' })
  const theirs = await anotherPage()
  await theirs.context().addCookies((await sessionFrom(playwright, product.url, viewer)).cookies)
  await theirs.goto(`${product.url}/deployments/${stable}`)
  const blocked = banner(theirs).getByRole('button', { name: 'Move replicas…' })
  await expect(blocked).toHaveAttribute('aria-disabled', 'true')
  await blocked.hover()
  await expect(theirs.getByRole('tooltip')).toContainText('may not override outage protection')

  expect([...(await attempts(stable)), ...(await attempts(renewed))]).toEqual(before)
  thaw(cut)
  await expect(banner(page)).toBeHidden(patient)
  expect(await outageMetric()).toEqual([])
  await nodePage(page, before[0]?.node ?? '')
  const report = page.getByRole('table', { name: /^Effect of its return at / })
  await expect(report.getByRole('row').filter({ hasText: 'steady' })).toContainText('Kept', patient)
  expect([...(await attempts(stable)), ...(await attempts(renewed))]).toEqual(before)
})

test('an operator previews an override, applies it, and reads at the return what was stopped and why', async ({
  page,
  playwright,
}) => {
  const operator = { username: 'knows-better', password: 'a quiet Harbour 42' }
  await rpc.user.create.mutate({ ...operator, role: 'operator' })
  await page.context().addCookies((await sessionFrom(playwright, product.url, operator)).cookies)
  const before = await attempts(stable)
  const old = (await attempts(renewed))[0]
  await page.goto(`${product.url}/nodes`)
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  freeze(cut)
  await expect(banner(page)).toContainText('4 of 5 nodes of eu-west are offline', patient)
  // People can still change deployments meanwhile.
  await rpc.deployment.update.mutate({ deployment_id: renewed, container_image: 'sim/ok:2' })
  const renewal = async () => (await attempts(renewed)).map(({ status, wanted }) => `${status}, to ${wanted}`)
  await expect.poll(renewal, patient).toEqual(['running, to stop', 'running, to run'])

  await banner(page).getByRole('button', { name: 'Move replicas…' }).click()
  const dialog = page.getByRole('dialog', { name: 'Move the replicas of eu-west' })
  await expect(dialog).toContainText('4 replicas would move:')
  const moves = before.map(({ slot, node }) => `steady replica ${slot + 1}${node}`)
  await expect(dialog.getByRole('list', { name: 'What would move' }).getByRole('listitem')).toHaveText(moves)
  await expectFlawless(page)
  await page.setViewportSize({ width: 1280, height: 800 })
  const confirm = dialog.getByRole('button', { name: 'Move them' })
  await expect(confirm).toHaveAttribute('aria-disabled', 'true')
  await dialog.getByLabel('Type eu-west to confirm').fill('eu-west')
  await confirm.click()
  await expect(dialog).toBeHidden()
  await expect(banner(page)).toContainText('knows-better had its replicas moved anyway')
  await expect(banner(page).getByRole('button')).toHaveCount(0)
  expect(await outageMetric()).toContain('fogdeck_outage_protection_active{region="eu-west"} 0')

  const running = async () => (await attempts(stable)).filter(({ status }) => status === 'running')
  const moved = async () => (await running()).map(({ slot, generation, node }) => [slot, generation, node.slice(0, 5)])
  await expect.poll(moved, patient).toEqual([0, 1, 2, 3].map((slot) => [slot, 2, 'near-']))
  await nodePage(page, old?.node ?? '')
  await expect(page.getByRole('table', { name: 'Effect of its return', exact: true })).toContainText('Update')

  thaw(cut)
  await expect(banner(page)).toBeHidden(patient)
  const report = page.getByRole('table', { name: /^Effect of its return at / }).first()
  const row = (name: string) => report.getByRole('row').filter({ hasText: name })
  await expect(row('renewed')).toContainText('Updated', patient)
  await expect(row('renewed')).toContainText('A change of the deployment replaced it by generation 2 on near-')
  await expect(row('steady')).toContainText('Stopped', patient)
  await expect(row('steady')).toContainText(/Replaced by generation 2 on near-\d+ while the node was offline/)
  // Each replica has one copy, in the tables as well as on the engines.
  await expect.poll(async () => (await attempts(stable)).filter(({ status }) => status === 'stopped').length).toBe(4)
  expect(await running()).toHaveLength(4)
  await expectFlawless(page)
})
