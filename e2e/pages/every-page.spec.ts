/**
 * Holds for every page: axe finds nothing in light or dark mode, nothing scrolls sideways at 360 px, and the console
 * stays silent (which the `page` fixture checks).
 */
import type { Page } from '@playwright/test'
import { notificationKinds } from '@/core/notifications/notification'
import { expect, patient, type Rpc, rpcClient, signedOut, test } from '@/e2e/support/fixtures'
import { expectFlawless } from '@/e2e/support/flawless'
import packageJson from '@/package.json' with { type: 'json' }
import { fillDeployForm } from '@/testing/pages'

// Without motion, so that axe does not measure colours in transition.
test.use({ contextOptions: { reducedMotion: 'reduce' } })

interface Visit {
  page: Page
  rpc: Rpc
  /** A deployment that runs, and one that could not be placed. */
  running: string
  refused: string
  /** A deployment that waits for capacity. */
  waiting: string
}

const visits: Record<string, (visit: Visit) => Promise<void>> = {
  'the overview': async ({ page, refused }) => {
    await page.goto('/')
    await expect(page.getByRole('table', { name: 'Capacity by region' })).toBeVisible()
    await expect(page.locator(`a[href^="/deployments/${refused}"]`).first()).toBeVisible()
    await expect(page.getByRole('table', { name: 'Recent events' })).toBeVisible()
  },
  'the events': async ({ page }) => {
    await page.goto('/events')
    await expect(page.getByRole('table', { name: 'Events, newest first' })).toBeVisible()
  },
  'the history of the fleet': async ({ page }) => {
    await page.goto('/history')
    await expect(page.getByRole('listbox', { name: 'Nodes in us-east' })).toBeVisible()
    await page.locator('summary').filter({ hasText: 'notable' }).click()
    await expect(page.getByRole('list', { name: /^Notable events/ })).toBeVisible()
  },
  'the fleet of the past as a table': async ({ page, rpc, running }) => {
    const { createdAt } = await rpc.deployment.detail.query({ id: running })
    await page.goto(`/history?view=table&at=${createdAt}`)
    await expect(page.getByRole('table', { name: 'Nodes at this time' })).toBeVisible()
    await expect(page.getByRole('table', { name: /^Events before this time/ })).toBeVisible()
  },
  'a moment before the records begin': async ({ page }) => {
    await page.goto('/history?at=2001-01-01T00:00:00.000Z')
    await expect(page.getByText(/^The records begin at/)).toBeVisible()
  },
  'the list of deployments': async ({ page, running }) => {
    await page.goto('/deployments')
    await expect(page.locator(`a[href="/deployments/${running}"]`)).toBeVisible()
  },
  'an empty search': async ({ page }) => {
    await page.goto('/deployments?q=no-such-deployment')
    await expect(page.getByText('No matches')).toBeVisible()
  },
  'the deploy form with a preview': async ({ page }) => {
    await page.goto('/deployments/new')
    await fillDeployForm(page, { name: 'web', image: 'nginx', replicas: 3, region: 'eu-west' })
    await expect(page.getByText('Fits: 3 replicas on 3 nodes')).toBeVisible()
    await page.locator('summary').filter({ hasText: 'Advanced' }).click()
    for (const row of [
      'Add a constraint',
      'Add a preference',
      'Add a spread',
      'Add a deployment',
      'Add a port',
      'Add a variable',
    ])
      await page.getByRole('button', { name: row }).click()
  },
  'the deploy form with a refusal and mistakes': async ({ page }) => {
    await page.goto('/deployments/new')
    await fillDeployForm(page, { replicas: 10, cpu: 8, memory: 16384 })
    await expect(page.getByText(/^Insufficient nodes: need 10/)).toBeVisible()
    await page.getByRole('button', { name: 'Deploy', exact: true }).click()
    await expect(page.getByText('Give the deployment a name')).toBeVisible()
  },
  'the placement of a deployment': async ({ page, running }) => {
    await page.goto(`/deployments/${running}`)
    await expect(page.getByRole('table', { name: 'Replicas' })).toBeVisible()
    await page.getByRole('button', { name: 'Scale', exact: true }).click()
  },
  'the decision on a deployment': async ({ page, running }) => {
    await page.goto(`/deployments/${running}?tab=decision`)
    await page
      .getByRole('button', { name: /^Details of/ })
      .first()
      .click()
    await expect(page.getByText('CPU free of')).toBeVisible()
    await expect(page.getByText('it can run containers')).toBeVisible()
  },
  'the refusal of a deployment': async ({ page, refused }) => {
    await page.goto(`/deployments/${refused}?tab=decision`)
    await expect(page.getByRole('heading', { name: /ineligible nodes?/ })).toBeVisible()
  },
  'the timeline of a deployment': async ({ page, running }) => {
    await page.goto(`/deployments/${running}?tab=timeline`)
    await expect(page.locator('[data-timeline]')).toBeVisible()
  },
  'a moment of the timeline of a deployment': async ({ page, running }) => {
    await page.goto(`/deployments/${running}?tab=timeline`)
    await page.getByRole('slider', { name: 'Time' }).press('ArrowLeft')
    await expect(page.getByRole('table', { name: 'Replicas at this time' })).toBeVisible()
  },
  'the timeline as a table': async ({ page, running }) => {
    await page.goto(`/deployments/${running}?tab=timeline&view=table`)
    await expect(page.getByRole('table', { name: /^Replica events/ })).toBeVisible()
  },
  'the logs of a deployment': async ({ page, running }) => {
    await page.goto(`/deployments/${running}?tab=logs&q=a`)
    await expect(page.locator('[data-line] mark').first()).toBeVisible()
    await page.locator('summary').filter({ hasText: 'replicas' }).click()
  },
  'the logs of a deployment that never ran': async ({ page, refused }) => {
    await page.goto(`/deployments/${refused}?tab=logs`)
    await expect(page.getByText('No logs yet')).toBeVisible()
  },
  'the history of a deployment': async ({ page, running }) => {
    await page.goto(`/deployments/${running}?tab=history`)
    await expect(page.getByRole('table', { name: /^Status changes/ })).toBeVisible()
  },
  'the revisions of a deployment': async ({ page, running }) => {
    await page.goto(`/deployments/${running}?tab=revisions`)
    await expect(page.getByRole('list', { name: 'Revisions, newest first' })).toBeVisible()
  },
  'the update of a deployment': async ({ page, running }) => {
    await page.goto(`/deployments/${running}/update`)
    await page.getByLabel('Container image').fill('sim/ok:2')
    await expect(page.getByRole('list', { name: 'Changes' })).toBeVisible()
  },
  'the question before a deletion': async ({ page, running }) => {
    await page.goto(`/deployments/${running}`)
    await page.getByRole('button', { name: 'Delete' }).click()
    await expect(page.getByRole('dialog')).toBeVisible()
  },
  'the scheduling queue': async ({ page, waiting }) => {
    await page.goto('/admin/queue')
    await expect(page.locator(`a[href="/deployments/${waiting}"]`)).toBeVisible()
  },
  'the scores with two nodes compared': async ({ page }) => {
    await page.goto('/scores?replicas=2&region=eu-west&compare=node-01,node-02')
    await expect(page.getByRole('region', { name: 'Comparison' })).toBeVisible()
  },
  'the scores of what does not fit, with a mistake': async ({ page }) => {
    await page.goto('/scores?cpu=16&memory=16384&replicas=50')
    await expect(page.getByText(/^Insufficient nodes: need 50/)).toBeVisible()
    await page.getByLabel('GPU').fill('many')
    await expect(page.getByText('GPU must be a number')).toBeVisible()
  },
  'the question before a new default policy': async ({ page }) => {
    await page.goto('/scores?policy=near')
    await page.getByRole('button', { name: 'Make default' }).click()
    await expect(page.getByRole('dialog')).toBeVisible()
  },
  'the decisions': async ({ page }) => {
    await page.goto('/decisions?q=shown-')
    await expect(page.getByRole('table', { name: /^Decisions/ })).toContainText('Refused')
  },
  'decisions under another policy': async ({ page }) => {
    await page.goto('/decisions?q=shown-&tab=what-if&policy=near')
    await expect(page.getByText(/decisions? would change with/)).toBeVisible()
  },
  'a decision': async ({ page, rpc, running }) => {
    const { latestDecisionId } = await rpc.deployment.detail.query({ id: running })
    await page.goto(`/decisions/${latestDecisionId}?why=node-05&policy=near`)
    await expect(page.getByText(/^node-05 /).first()).toBeVisible()
    await expect(page.getByRole('table', { name: /^Nodes by score/ })).toBeVisible()
  },
  'a decision that refused': async ({ page, rpc, refused }) => {
    const { latestDecisionId } = await rpc.deployment.detail.query({ id: refused })
    await page.goto(`/decisions/${latestDecisionId}`)
    await expect(page.getByText('Any one of these would make it fit:')).toBeVisible()
  },
  'the scores of a decision': async ({ page, rpc, running }) => {
    const { latestDecisionId } = await rpc.deployment.detail.query({ id: running })
    await page.goto(`/scores?decision=${latestDecisionId}`)
    await expect(page.getByRole('table', { name: /^Nodes by score/ })).toBeVisible()
  },
  'the nodes': async ({ page }) => {
    await page.goto('/nodes')
    await expect(page.getByRole('table', { name: 'Nodes' })).toBeVisible()
  },
  'ticked nodes': async ({ page }) => {
    await page.goto('/nodes?selected=node-01,node-03')
    await expect(page.getByRole('region', { name: 'Selected nodes' })).toBeVisible()
  },
  'the map of the nodes': async ({ page }) => {
    await page.goto('/nodes?view=map')
    await page.getByRole('listbox', { name: 'Nodes in eu-west' }).focus()
    await expect(page.locator('[data-node-card]')).toBeVisible()
  },
  'a node': async ({ page, rpc, running }) => {
    const { replicas } = await rpc.deployment.detail.query({ id: running })
    await page.goto(`/nodes/${replicas[0]?.node.id}`)
    await expect(page.getByRole('table', { name: 'Events' })).toBeVisible()
  },
  'nodes that are marked': async ({ page, rpc }) => {
    const [node] = await rpc.node.list.query()
    await page.goto(`/nodes?selected=${node?.nodeId}`)
    await expect(page.getByRole('region', { name: 'Selected nodes' })).toBeVisible()
  },
  'the preview of a drain': async ({ page, rpc, running }) => {
    const { replicas } = await rpc.deployment.detail.query({ id: running })
    await page.goto(`/nodes/${replicas[0]?.node.id}`)
    await page.getByRole('button', { name: 'Drain', exact: true }).click()
    await expect(page.getByRole('dialog').getByRole('listitem').first()).toBeVisible()
  },
  'the failure drill with nothing picked': async ({ page }) => {
    await page.goto('/drill')
    await expect(page.getByText(/^Pick a region or some nodes/)).toBeVisible()
    await page.getByRole('combobox', { name: 'Nodes, regions and zones' }).click()
    await expect(page.getByRole('option', { name: /^Region eu-west/ })).toBeVisible()
  },
  'the failure drill of a region': async ({ page, running }) => {
    await page.goto(`/drill?region=eu-west,us-east,us-west,eu-central&open=${running}`)
    await expect(page.getByRole('table', { name: /^Outcome for each deployment/ })).toBeVisible()
  },
  'the users': async ({ page }) => {
    await page.goto('/admin/users')
    await expect(page.getByRole('table', { name: 'Users' })).toBeVisible()
  },
  'a new user': async ({ page }) => {
    await page.goto('/admin/users')
    await page.getByRole('button', { name: 'New user' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Create' }).click()
    await expect(page.getByRole('dialog').getByRole('alert').first()).toBeVisible()
  },
  'the API tokens of everybody': async ({ page, rpc }) => {
    const { id } = await rpc.apiToken.create.mutate({ name: 'shown to all', scope: 'viewer', expires_in_hours: 24 })
    await page.goto('/admin/tokens')
    await expect(page.getByRole('row').filter({ hasText: 'shown to all' }).first()).toContainText('admin')
    await rpc.apiToken.revoke.mutate({ id })
  },
  'the audit log': async ({ page }) => {
    await page.goto('/admin/audit')
    await expect(page.getByRole('table', { name: 'Audit log, newest first' })).toBeVisible()
  },
  'an entry of the audit log': async ({ page, running }) => {
    await page.goto(`/admin/audit?about=${running}`)
    await page.getByRole('button', { name: 'Deployed' }).click()
    await expect(page.getByRole('dialog').getByRole('table', { name: 'Changes' })).toBeVisible()
  },
  'a join token': async ({ page, rpc }) => {
    await page.goto('/admin/join')
    await page.getByLabel('Name').fill('looked at')
    await page.getByRole('button', { name: 'Create token' }).click()
    await expect(page.getByText('Waiting for the agent to join')).toBeVisible()
    const made = (await rpc.joinToken.list.query()).find(
      ({ state, name }) => state === 'usable' && name === 'looked at',
    )
    if (made) await rpc.joinToken.revoke.mutate({ id: made.id })
    await expect(page.getByRole('table', { name: /^Join tokens/ })).toContainText('Revoked')
  },
  'the settings': async ({ page }) => {
    await page.goto('/admin/settings')
    await page.getByLabel(/^custom/).check()
    await page.getByRole('button', { name: 'Try on past decisions' }).click()
    await expect(page.getByText(/of the newest \d+ decision/)).toBeVisible()
  },
  'the notification channels': async ({ page }) => {
    await page.goto('/admin/notifications')
    const row = (name: string) => page.getByRole('row').filter({ hasText: name })
    await expect(row('shown-unreachable')).toContainText('Failing', patient)
    await expect(row('shown-paused')).toContainText('Paused')
  },
  'a test of a channel that cannot be reached': async ({ page }) => {
    await page.goto('/admin/notifications')
    await page.getByRole('button', { name: 'Send a test: shown-unreachable' }).click()
    await expect(page.getByRole('dialog').getByText('ECONNREFUSED')).toBeVisible()
  },
  'a new notification channel': async ({ page }) => {
    await page.goto('/admin/notifications?edit=new')
    await page.getByRole('dialog').getByRole('button', { name: 'Create' }).click()
    await expect(page.getByRole('dialog').getByRole('alert').first()).toBeVisible()
  },
  'the account': async ({ page }) => {
    await page.goto('/account')
    await expect(page.getByRole('heading', { name: 'Change your password' })).toBeVisible()
    await page.getByLabel('Name').fill('looked at')
    await page.getByRole('button', { name: 'Create token' }).click()
    await expect(page.getByText("it won't be shown again")).toBeVisible()
    await expect(page.getByRole('table', { name: 'Your API tokens' })).toContainText('looked at')
  },
  'the palette': async ({ page }) => {
    await page.goto('/nodes')
    await expect(page.getByRole('status').filter({ hasText: 'Live' })).toBeVisible()
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox', { name: /^Search/ }).fill('node-0')
    await expect(page.getByRole('option', { name: /node-0/ }).first()).toBeVisible()
  },
  'the sheet of keys': async ({ page }) => {
    await page.goto('/nodes')
    await expect(page.getByRole('status').filter({ hasText: 'Live' })).toBeVisible()
    await page.keyboard.press('?')
    await expect(page.getByRole('dialog', { name: 'Help' })).toContainText(`Fogdeck ${packageJson.version}`)
  },
}

test.describe('axe finds nothing, and nothing scrolls sideways:', () => {
  let shown: Omit<Visit, 'page'>

  test.beforeAll(async ({ adminToken }) => {
    const rpc = rpcClient(process.env.FOGDECK_E2E_URL ?? '', adminToken)
    const deploy = async (name: string, replicas: number, resources: { cpu: number; memory: number }) => {
      const app = { name, type: 'compute' as const, container_image: 'sim/ok', replicas, resources }
      return (await rpc.deployment.deploy.mutate(app)).deployment_id
    }
    // Nothing listens on this port.
    const nowhere = { kind: 'slack' as const, url: 'http://127.0.0.1:2/hooks/nowhere' }
    const all = { ...nowhere, name: 'shown-unreachable', events: [...notificationKinds] }
    await rpc.notification.create.mutate(all)
    const paused = await rpc.notification.create.mutate({ ...nowhere, name: 'shown-paused', events: ['work.stuck'] })
    await rpc.notification.pause.mutate({ id: paused.id, paused: true })
    const running = await deploy('shown-running', 2, { cpu: 0.5, memory: 512 })
    const refused = await deploy('shown-refused', 10, { cpu: 8, memory: 16384 })
    const waits = {
      name: 'shown-waiting',
      type: 'compute' as const,
      container_image: 'sim/ok',
      replicas: 100,
      wait_for_capacity: true,
      resources: { cpu: 16, memory: 16384 },
    }
    const waiting = (await rpc.deployment.deploy.mutate(waits)).deployment_id
    await expect.poll(async () => (await rpc.queue.list.query()).counts.waiting, patient).toBeGreaterThan(0)
    const statuses = async () =>
      Promise.all([running, refused].map(async (id) => (await rpc.deployment.detail.query({ id })).status))
    await expect.poll(statuses, patient).toEqual(['running', 'failed'])
    shown = { rpc, running, refused, waiting }
  })

  test.afterAll(async () => {
    for (const id of [shown.running, shown.refused, shown.waiting])
      await shown.rpc.deployment.delete.mutate({ deployment_id: id })
    for (const { id, name } of await shown.rpc.notification.list.query())
      if (name.startsWith('shown-')) await shown.rpc.notification.delete.mutate({ id })
  })

  for (const [name, visit] of Object.entries(visits)) {
    test(name, async ({ page }) => {
      await visit({ page, ...shown })
      await expectFlawless(page)
    })
  }
})

test.describe('without a session', () => {
  test.use({ storageState: signedOut })

  test('axe finds nothing on the login page, and nothing scrolls sideways', async ({ page }) => {
    await page.goto('/login?reason=expired')
    await expect(page.getByText('Your session has ended.')).toBeVisible()
    await expectFlawless(page)
  })
})

test.describe('an address that does not exist', () => {
  test.use({ allowedOnConsole: [/status of 404/] })

  test('is reported, with a link back, and axe finds nothing', async ({ page }) => {
    await page.goto('/no/such/page')
    await expect(page.getByRole('link', { name: /deployments/i }).first()).toBeVisible()
    await expectFlawless(page)
  })
})
