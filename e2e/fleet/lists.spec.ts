/** Lists that change by themselves while somebody reads them, and rows that are ticked. */
import { expect, patient, test } from '@/e2e/support/fixtures'

test('a list that is scrolled does not jump: new rows wait until they are asked for', async ({
  page,
  deploy,
  unique,
}) => {
  const first = await deploy({ name: unique('first'), container_image: 'sim/ok' })
  await page.goto('/deployments')
  const rows = page.getByRole('table', { name: 'Deployments' }).locator('tbody').getByRole('row')
  await expect(rows.first()).toContainText(unique('first'))
  await rows.first().hover()

  await deploy({ name: unique('second'), container_image: 'sim/ok' })
  const waiting = page.getByRole('button', { name: /^\d+ changes?: show$/ })
  await expect(waiting).toBeVisible(patient)
  await expect(rows.first()).toContainText(unique('first'))
  // The rows themselves are still updated.
  await expect(page.locator('tr', { has: page.locator(`a[href="/deployments/${first}"]`) })).toContainText(
    'Running',
    patient,
  )
  await expect(rows.first()).toContainText(unique('first'))

  await waiting.click()
  await expect(rows.first()).toContainText(unique('second'))
  await expect(waiting).toHaveCount(0)
})

test('an unscrolled list shows new rows at once', async ({ page, deploy, unique }) => {
  await page.goto('/deployments')
  const rows = page.getByRole('table', { name: 'Deployments' }).locator('tbody').getByRole('row')
  await page.getByRole('searchbox').hover()
  await deploy({ name: unique('new'), container_image: 'sim/ok' })
  await expect(rows.first()).toContainText(unique('new'), patient)
})

test('selected nodes are cordoned and uncordoned together, and the address keeps the selection', async ({
  page,
  rpc,
}) => {
  const names = ['node-11', 'node-12']
  const marks = async () =>
    (await rpc.node.page.query({ search: 'node-1' })).nodes
      .filter(({ nodeId }) => names.includes(nodeId))
      .map(({ cordoned }) => cordoned)
  await page.goto('/nodes')
  for (const name of names) await page.getByLabel(`Select ${name}`).check()
  const bar = page.getByRole('region', { name: 'Selected nodes' })
  await expect(bar).toContainText('2 nodes selected')
  await expect(page).toHaveURL(/selected=node-11,node-12/)
  await page.reload()
  await expect(page.getByLabel('Select node-12')).toBeChecked()
  await bar.getByRole('button', { name: 'Cordon', exact: true }).click()
  await expect.poll(marks).toEqual([true, true])
  await expect(bar).toHaveCount(0)
  await page.getByRole('status').filter({ hasText: 'cordoned' }).getByRole('button', { name: 'Undo' }).click()
  await expect.poll(marks).toEqual([false, false])
})

test('rows are selected with the keyboard, and a new filter clears the selection', async ({ page }) => {
  // Nodes of other specs may come and go.
  await page.goto('/nodes?q=node-1')
  await expect(page.getByLabel('Select node-10')).toBeVisible()
  await page.keyboard.press('j')
  await page.keyboard.press('x')
  await page.keyboard.press('j')
  await page.keyboard.press('x')
  await expect(page.getByLabel('Select node-11')).toBeChecked()
  await expect(page.getByRole('region', { name: 'Selected nodes' })).toContainText('2 nodes selected')
  await page.getByRole('searchbox').fill('node-0')
  await expect(page.getByRole('region', { name: 'Selected nodes' })).toHaveCount(0)
  await page.getByLabel(/^Select all \d+ rows$/).check()
  await expect(page.getByRole('region', { name: 'Selected nodes' })).toContainText('9 nodes selected')
})

test('the map shows every node by region, and identifies and opens it by pointer or keys', async ({ page, rpc }) => {
  const { nodes } = await rpc.node.page.query({ region: 'eu-west' })
  await page.goto('/nodes')
  await page.getByRole('button', { name: 'Map' }).click()
  await expect(page).toHaveURL(/view=map/)
  const map = page.getByRole('listbox', { name: 'Nodes in eu-west' })
  await map.focus()
  await expect(map.getByRole('option')).toHaveAccessibleName(new RegExp(`^${nodes[0]?.nodeId}: .*CPU in use \\d+ %`))
  await page.keyboard.press('ArrowRight')
  await expect(map.getByRole('option')).toHaveAccessibleName(new RegExp(`^${nodes[1]?.nodeId}: `))
  await page.getByLabel('Color by').selectOption('memory')
  await expect(page).toHaveURL(/colour=memory/)
  await page.reload()
  await expect(page.getByRole('list', { name: 'Legend' })).toContainText('100 % in use')

  const box = await map.boundingBox()
  await page.mouse.move((box?.x ?? 0) + 5, (box?.y ?? 0) + 5)
  await expect(page.locator('[data-node-card]')).toHaveAttribute('data-node-card', nodes[0]?.nodeId ?? '')
  await page.mouse.down()
  await page.mouse.up()
  await expect(page.getByRole('heading', { level: 1, name: nodes[0]?.nodeId ?? '' })).toBeVisible()
  await page.goBack()
  await map.focus()
  await page.keyboard.press('End')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { level: 1, name: nodes.at(-1)?.nodeId ?? '' })).toBeVisible()
})

test('map and table share their filters', async ({ page, rpc }) => {
  const { total } = await rpc.node.page.query({ label: 'arch=arm64' })
  await page.goto('/nodes?view=map&label=arch%3Darm64')
  await expect(page.getByRole('button', { name: new RegExp(`^All\\s*${total}$`) })).toBeVisible()
  const sizes = page.getByRole('option', { includeHidden: true })
  const count = async () =>
    (await sizes.evaluateAll((all) => all.map((one) => Number(one.ariaSetSize)))).reduce((sum, one) => sum + one, 0)
  await expect.poll(count).toBe(total)
  await page.getByRole('button', { name: 'Table' }).click()
  await expect(page.getByRole('table', { name: 'Nodes' }).locator('tbody').getByRole('row')).toHaveCount(total)
})
