/** The logs of replicas, as people use them. */
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Locator, Page } from '@playwright/test'
import { expect, patient, test } from '@/e2e/support/fixtures'
import { AgentProcess } from '@/testing/agent/process'
import { openTab, statusOf } from '@/testing/pages'
import { testFolder } from '@/testing/postgres'

const regionOf = (page: Page): Locator => page.getByRole('region', { name: 'Lines' })
const linesOf = (page: Page): Locator => regionOf(page).locator('[data-line]')
const follow = (page: Page): Locator => page.getByRole('button', { name: 'Follow' })
const search = (page: Page): Locator => page.getByRole('searchbox', { name: 'Search logs' })

const heightOf = (page: Page) => regionOf(page).evaluate((element) => element.scrollHeight)
const aboveEnd = (page: Page) =>
  regionOf(page).evaluate((element) => element.scrollHeight - element.scrollTop - element.clientHeight)
/** The first visible line. */
const topLine = (page: Page) =>
  regionOf(page).evaluate((element) => {
    const { top } = element.getBoundingClientRect()
    const lines = [...element.querySelectorAll('[data-line]')]
    return lines.find((line) => line.getBoundingClientRect().top >= top)?.textContent
  })

test('the logs of all replicas are merged and followed until somebody scrolls up', async ({ page, deploy, rpc }) => {
  const id = await deploy({ container_image: 'sim/chatty:50ms', replicas: 2 })
  await page.goto(`/deployments/${id}?tab=logs`)
  await expect(linesOf(page).filter({ hasText: 'request=' }).first()).toBeVisible(patient)
  const { replicas } = await rpc.deployment.detail.query({ id })
  expect(replicas).toHaveLength(2)
  for (const { slot, node } of replicas)
    await expect(
      linesOf(page)
        .filter({ hasText: `${slot + 1} ${node.nodeId}` })
        .first(),
    ).toBeVisible(patient)

  // While following, the visible lines change and the end stays in view.
  const first = await topLine(page)
  await expect.poll(() => topLine(page)).not.toBe(first)
  await expect.poll(() => aboveEnd(page)).toBeLessThan(12)
  await expect(follow(page)).toBeHidden()

  await regionOf(page).hover()
  await page.mouse.wheel(0, -200)
  await expect(follow(page)).toBeVisible()
  const held = await topLine(page)
  const height = await heightOf(page)
  await expect.poll(() => heightOf(page)).toBeGreaterThan(height + 400)
  expect(await topLine(page)).toBe(held)

  await follow(page).click()
  await expect(follow(page)).toBeHidden()
  await expect.poll(() => aboveEnd(page)).toBeLessThan(12)

  // Following also works with the keyboard alone.
  await regionOf(page).focus()
  await page.keyboard.press('Home')
  await expect(follow(page)).toBeVisible()
  await page.keyboard.press('f')
  await expect(follow(page)).toBeHidden()
})

test('terminal colours are shown, and their escape codes are not', async ({ page, deploy }) => {
  const id = await deploy({ container_image: 'sim/chatty:20ms' })
  await page.goto(`/deployments/${id}?tab=logs`)
  await expect(linesOf(page).locator('.text-healthy').first()).toHaveText('200', patient)
  await expect(regionOf(page)).not.toContainText('[3')
})

test('text can be found, stepped through and filtered by, and the address keeps all of that', async ({
  page,
  deploy,
}) => {
  const id = await deploy({ replicas: 2 })
  await page.goto(`/deployments/${id}?tab=logs`)
  await expect(linesOf(page).first()).toBeVisible(patient)
  await page.keyboard.press('/')
  await expect(search(page)).toBeFocused()
  await search(page).fill('STARTS with')
  await expect(page.getByRole('status').filter({ hasText: /^2$/ })).toBeVisible(patient)
  await page.keyboard.press('Enter')
  await expect(page.getByText('1 of 2')).toBeVisible()
  await expect(page.locator('[data-current] mark')).toHaveText('starts with')
  await page.getByRole('button', { name: 'Next match' }).click()
  await expect(page.getByText('2 of 2')).toBeVisible()
  await page.keyboard.press('n')
  await expect(page.getByText('1 of 2')).toBeVisible()

  await page.getByRole('button', { name: 'Matches only' }).click()
  await expect(linesOf(page)).toHaveCount(2)
  await page.getByRole('button', { name: 'Wrap long lines' }).click()
  await page.getByRole('button', { name: 'Times' }).click()
  await expect(linesOf(page).locator('time')).toHaveCount(0)
  await page.reload()
  await expect(linesOf(page)).toHaveCount(2)
  await expect(search(page)).toHaveValue('STARTS with')
  await expect(page.getByRole('button', { name: 'Wrap long lines' })).toHaveAttribute('aria-pressed', 'true')
  await search(page).fill('no such text')
  await expect(page.getByText('No matching lines')).toBeVisible()
})

test('a single replica can be selected, and its lines can be saved as text', async ({ page, deploy, unique }) => {
  const id = await deploy({ replicas: 2 })
  await page.goto(`/deployments/${id}?tab=logs&q=starts%20with&only=true`)
  await expect(linesOf(page)).toHaveCount(2, patient)
  await page.locator('summary').filter({ hasText: '2 replicas' }).click()
  await page
    .getByRole('group', { name: /^Replicas to show/ })
    .getByRole('checkbox')
    .first()
    .uncheck()
  await expect(linesOf(page)).toHaveCount(1)
  await expect(page).toHaveURL(/replicas=2/)
  const saving = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Download' }).click()
  const saved = await saving
  expect(saved.suggestedFilename()).toBe(`${unique('app')}.log`)
  const text = readFileSync(await saved.path(), 'utf8')
  expect(text).toMatch(/^20\d\d-\S+Z 2 \S+ stdout sim\/ok starts with \d+ workers\n/)
  expect(text).not.toContain('\u001b')
})

test('a crashed container is explained by its last lines, which the timeline links to as well', async ({
  page,
  deploy,
}) => {
  const id = await deploy({ container_image: 'sim/crash:2s' })
  await page.goto(`/deployments/${id}`)
  await expect(statusOf(page, 'Failed')).toBeVisible(patient)
  await openTab(page, 'Logs')
  await expect(page.getByRole('list', { name: 'About these logs' })).toContainText('exited with code 1')
  // The container was restarted five times in place, so one log has six ends.
  const last = linesOf(page).filter({ hasText: 'fatal: simulated crash of sim/crash:2s' }).last()
  await expect(last).toBeVisible(patient)
  await expect(last).toHaveAttribute('data-line', 'stderr')

  await openTab(page, 'Timeline')
  await page.getByRole('button', { name: 'Table' }).click()
  await page
    .getByRole('table', { name: /^Replica events/ })
    .getByRole('link', { name: 'Failed' })
    .first()
    .click()
  await expect(page).toHaveURL(/tab=logs&replicas=1&at=20/)
  await expect(linesOf(page).filter({ hasText: 'fatal: simulated crash' }).last()).toBeVisible()
  await page.goto(`/deployments/${id}?tab=timeline`)
  // Narrow bars lie below the marks of their ends, which link to the same log.
  await page.locator('[data-timeline] [data-phase="running"]').last().click({ force: true })
  await expect(page).toHaveURL(/tab=logs&replicas=1&at=20/)
  await expect(page.locator('[data-current]')).toBeVisible()
})

test('an empty log says why: nothing was written, or nothing was started', async ({ page, deploy }) => {
  const quiet = await deploy({ container_image: 'sim/quiet' })
  await page.goto(`/deployments/${quiet}?tab=logs`)
  await expect(page.getByText(/^Replica 1 on node-\d+ has not logged anything yet\.$/)).toBeVisible(patient)
})

test('the last lines of a node that went away remain, with a note', async ({ page, deploy, rpc, unique, baseURL }) => {
  const name = unique('away')
  const dataDir = join(testFolder, `agent-${name}`)
  const { token } = await rpc.joinToken.create.mutate({ name, max_nodes: null, expires_in_hours: 1 })
  const flags = {
    server: baseURL ?? '',
    token,
    name,
    engine: 'simulated',
    cpu: '0.5',
    memory: '512',
    label: `only=${name}`,
  }
  const args = Object.entries({ ...flags, 'data-dir': dataDir }).flatMap(([flag, value]) => [`--${flag}`, value])
  const agent = new AgentProcess('main', args)
  try {
    const constraints = [{ key: 'only', op: '=' as const, values: [name] }]
    const id = await deploy({ constraints, wait_for_capacity: true })
    await page.goto(`/deployments/${id}?tab=logs&q=starts%20with&only=true`)
    await expect(linesOf(page).filter({ hasText: 'starts with' })).toBeVisible(patient)
    await agent.end('SIGKILL')
    await expect(
      page.getByText(new RegExp(`^${name} has been offline since .*; the last log line is from`)),
    ).toBeVisible(patient)
    await page.reload()
    await expect(linesOf(page).filter({ hasText: 'starts with' })).toBeVisible()
    const { replicas } = await rpc.deployment.detail.query({ id })
    await rpc.deployment.delete.mutate({ deployment_id: id })
    await rpc.node.remove.mutate({ id: replicas[0]?.node.id ?? '', lost_name: name })
  } finally {
    await agent.end('SIGKILL')
    rmSync(dataDir, { recursive: true, force: true })
  }
})
