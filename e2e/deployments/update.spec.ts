/** Updates, rollbacks, stops and starts. */

import { expect, patient, type Rpc, test } from '@/e2e/support/fixtures'
import { openTab, statusOf } from '@/testing/pages'

test.describe.configure({ timeout: 300_000 })

const runs = async (rpc: Rpc, id: string): Promise<void> => {
  await expect.poll(async () => (await rpc.deployment.detail.query({ id })).status, patient).toBe('running')
}

test('a deployment is updated from its page and rolled back, and each revision shows its changes', async ({
  page,
  rpc,
  deploy,
}) => {
  const id = await deploy({ container_image: 'sim/ok', replicas: 2, env: { LEVEL: 'info' } })
  await runs(rpc, id)
  await page.goto(`/deployments/${id}`)
  await page.getByRole('link', { name: 'Update' }).click()
  await expect(page.getByText('No changes yet: the form matches the deployment.')).toBeVisible(patient)
  await page.getByLabel('Container image').fill('sim/ok:2')
  await page.getByLabel('Reason (optional)').fill('a new version')
  const changes = page.getByRole('region', { name: 'Changes' })
  await expect(changes.getByRole('listitem')).toHaveText([/image\s*sim\/ok\s*sim\/ok:2/])
  await expect(changes.getByText('Fits: 2 replicas, one by one')).toBeVisible(patient)
  const previewed = await changes.getByRole('table').getByRole('row').locator('td:nth-child(3)').allTextContents()
  expect(previewed).toHaveLength(2)
  await page.getByRole('button', { name: 'Update', exact: true }).click()

  await expect(page).toHaveURL(`/deployments/${id}`)
  await expect(page.getByText('sim/ok:2', { exact: true })).toBeVisible()
  await expect(statusOf(page, 'Running')).toBeVisible(patient)
  await expect.poll(async () => running(rpc, id), patient).toEqual([2, 2])
  await openTab(page, 'History')
  await expect(page.getByText('Updating to revision 2: image sim/ok → sim/ok:2 (a new version)')).toBeVisible()

  await openTab(page, 'Revisions')
  const revisions = page.getByRole('list', { name: 'Revisions, newest first' })
  await expect(revisions.getByText('current')).toHaveCount(1)
  await page.getByRole('button', { name: 'Roll back to 1' }).click()
  await page.getByRole('dialog').getByLabel('Reason (optional)').fill('it was better before')
  await page.getByRole('dialog').getByRole('button', { name: 'Roll back', exact: true }).click()
  await expect.poll(async () => running(rpc, id), patient).toEqual([1, 1])
  await expect(statusOf(page, 'Running')).toBeVisible(patient)
  await openTab(page, 'History')
  await expect(page.getByText('Rolled back to revision 1 from 2 (it was better before)')).toBeVisible()
})

test('an update to an image that does not exist pauses, and the old replicas keep running', async ({
  page,
  rpc,
  deploy,
}) => {
  const id = await deploy({ container_image: 'sim/ok', replicas: 2 })
  await runs(rpc, id)
  const before = (await rpc.deployment.detail.query({ id })).replicas.map((replica) => replica.containerId).sort()
  await rpc.deployment.update.mutate({ deployment_id: id, container_image: 'sim/fail-pull' })
  await page.goto(`/deployments/${id}`)
  await expect(statusOf(page, 'Failed')).toBeVisible(patient)
  await expect(
    page.getByText(/^Update to revision 2 halted: replica 1 failed 3 times: .+; revision 1 keeps running$/),
  ).toBeVisible()
  await expect(page.getByText('2/2 running')).toBeVisible()
  await openTab(page, 'Revisions')
  await page.getByRole('button', { name: 'Roll back to 1' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Roll back', exact: true }).click()
  await expect(statusOf(page, 'Running')).toBeVisible(patient)
  const { replicas } = await rpc.deployment.detail.query({ id })
  const live = replicas.filter(({ reserved, wanted }) => reserved && wanted === 'run')
  expect(live.map((replica) => replica.containerId).sort()).toEqual(before)
})

test('an update that does not fit is reported before it is sent, and a suggestion makes it fit', async ({
  page,
  rpc,
  deploy,
}) => {
  const id = await deploy({ container_image: 'sim/ok', replicas: 2 })
  await runs(rpc, id)
  await page.goto(`/deployments/${id}/update`)
  await expect(page.getByText('No changes yet: the form matches the deployment.')).toBeVisible(patient)
  await page.getByLabel('Replicas', { exact: true }).fill('100')
  const changes = page.getByRole('region', { name: 'Changes' })
  await expect(changes.getByText(/^Insufficient nodes: need \d+, found \d+ with capacity$/)).toBeVisible(patient)
  await expect(changes.getByText('The update pauses. Running replicas keep running.')).toBeVisible()
  await changes.getByRole('button', { name: 'Apply' }).first().click()
  await expect(changes.getByText(/^Fits: \d+ replicas?, one by one$/)).toBeVisible(patient)
})

test('a deployment is stopped, and started again with as many replicas', async ({ page, rpc, deploy }) => {
  const id = await deploy({ container_image: 'sim/ok', replicas: 2 })
  await runs(rpc, id)
  await page.goto(`/deployments/${id}`)
  await page.getByRole('button', { name: 'Stop', exact: true }).click()
  // Nothing is stopped before it is confirmed.
  const dialog = page.getByRole('dialog', { name: /^Stop / })
  await expect(dialog).toContainText('2 replicas will be stopped')
  expect((await rpc.deployment.detail.query({ id })).targetReplicas).toBe(2)
  await dialog.getByRole('button', { name: 'Stop', exact: true }).click()
  await expect(statusOf(page, 'Stopped')).toBeVisible(patient)
  await page.getByRole('button', { name: 'Start', exact: true }).click()
  await expect(page.getByText('2/2 running')).toBeVisible(patient)

  await page.getByRole('button', { name: 'Restart', exact: true }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Restart', exact: true }).click()
  await expect.poll(async () => running(rpc, id), patient).toEqual([2, 2])
  await openTab(page, 'History')
  for (const reason of ['Stopping 2 replicas', 'Starting 2 replicas', 'Restarting 2 replicas, one after the other'])
    await expect(page.getByText(reason, { exact: true })).toBeVisible()
  await expect(page.getByText('Scaling')).toHaveCount(0)
})

/** The revisions of the desired replicas that run. */
const running = async (rpc: Rpc, id: string): Promise<number[]> => {
  const { replicas } = await rpc.deployment.detail.query({ id })
  return replicas
    .filter(({ status, wanted, reserved }) => reserved && status === 'running' && wanted === 'run')
    .map(({ revision }) => revision)
}
