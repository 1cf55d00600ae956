/** From a join token to a node in the fleet, with the command that the page shows. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, patient, test } from '@/e2e/support/fixtures'
import { testFolder } from '@/testing/postgres'

const agents: { child: ChildProcess; dataDir: string }[] = []

/** Runs the command in a shell, as a person on that machine would. */
function run(command: string, name: string): ChildProcess {
  const dataDir = join(testFolder, `agent-${name}`)
  const env = { ...process.env, FOGDECK_AGENT_DIR: dataDir }
  // In its own process group, because npm does not forward signals to its children.
  const child = spawn(command, { shell: true, detached: true, env, stdio: ['ignore', 'pipe', 'pipe'] })
  agents.push({ child, dataDir })
  return child
}

test.afterEach(async () => {
  for (const { child, dataDir } of agents.splice(0)) {
    // The group outlives the shell that started it.
    for (let signal: NodeJS.Signals | 0 = 'SIGTERM'; isSignalled(child.pid, signal); signal = 0) await sleep(50)
    rmSync(dataDir, { recursive: true, force: true })
  }
})

/** Returns false when the group has no process left. */
function isSignalled(group: number | undefined, signal: NodeJS.Signals | 0): boolean {
  try {
    return group !== undefined && process.kill(-group, signal)
  } catch {
    return false
  }
}

test('an administrator creates a join token and sees the node that used it appear', async ({
  page,
  anotherPage,
  signIn,
  unique,
}) => {
  const name = unique('lab')
  const nodes = await anotherPage()
  await signIn(nodes)
  await nodes.goto('/nodes')
  await expect(nodes.getByRole('table', { name: 'Nodes' })).toBeVisible()

  await page.goto('/admin/join')
  await page.getByLabel('Name').fill(`token of ${name}`)
  await page.getByRole('button', { name: 'Create token' }).click()
  await expect(page.getByText('Waiting for the agent to join')).toBeVisible()
  const command = (await page.locator('pre').textContent()) ?? ''
  expect(command).toMatch(/^FOGDECK_JOIN_TOKEN=\S+ npm run agent -- --server http:\/\/localhost:\d+$/)
  // The node is too small for any replica, so that no other test places one on it.
  run(`${command} --engine simulated --name ${name} --cpu 0.25 --memory 256`, name)
  await expect(page.getByText(`Joined: ${name}`)).toBeVisible(patient)
  await expect(page.getByText(`Online: ${name}`)).toBeVisible(patient)
  const token = page
    .getByRole('table', { name: /^Join tokens/ })
    .getByRole('row')
    .filter({ hasText: `token of ${name}` })
  await expect(token).toContainText('Exhausted')
  await expect(token).toContainText(name)
  // The node also appears on an open page, without a reload.
  const row = nodes.getByRole('table', { name: 'Nodes' }).getByRole('row').filter({ hasText: name })
  await expect(row).toBeVisible(patient)

  // A token for one machine lets only one machine join.
  const second = run(`${command} --engine simulated --name ${name}-b`, `${name}-b`)
  const [code] = await once(second, 'exit')
  expect(code).not.toBe(0)
  await page.getByRole('link', { name, exact: true }).first().click()
  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible()
  await expect(page.getByText('/ 0.25 cores reserved')).toBeVisible()
})

test('nobody can join with a revoked token', async ({ page, unique }) => {
  const name = unique('thief')
  await page.goto('/admin/join')
  await page.getByLabel('Name').fill(name)
  await page.getByLabel('Nodes').fill('')
  await page.getByRole('button', { name: 'Create token' }).click()
  const command = (await page.locator('pre').textContent()) ?? ''
  const token = page
    .getByRole('table', { name: /^Join tokens/ })
    .getByRole('row')
    .filter({ hasText: name })
  await token.getByRole('button', { name: `Revoke ${name}` }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('textbox').fill(name)
  await dialog.getByRole('button', { name: 'Revoke' }).click()
  await expect(token).toContainText('Revoked')
  await expect(page.getByText('The token is revoked and no node joined. Create a new one')).toBeVisible()
  const agent = run(`${command} --engine simulated --name ${name}`, name)
  let message = ''
  for (const stream of [agent.stdout, agent.stderr]) stream?.on('data', (chunk) => (message += chunk))
  const [code] = await once(agent, 'exit')
  expect(code).not.toBe(0)
  expect(message).toMatch(/revoked/)
})
