/** The pages, and what a user does on each. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Page } from '@playwright/test'

export interface Visit {
  name: string
  path: string
  /** What a user does on the page. */
  use: (page: Page) => Promise<void>
}

async function search(page: Page, text: string): Promise<void> {
  await page.getByRole('searchbox').first().pressSequentially(text, { delay: 60 })
  await sleep(500)
}

async function sort(page: Page): Promise<void> {
  const heads = page.getByRole('table').first().locator('thead').getByRole('button')
  for (let i = 0; i < Math.min(3, await heads.count()); i++) {
    await heads.nth(i).click()
    await sleep(400)
  }
}

async function scroll(page: Page): Promise<void> {
  for (let i = 0; i < 8; i++) {
    await page.mouse.wheel(0, 600)
    await sleep(80)
  }
}

async function palette(page: Page): Promise<void> {
  await page.keyboard.press('Control+k')
  await page.keyboard.type('node', { delay: 60 })
  await sleep(400)
  await page.keyboard.press('Escape')
}

/** Works through a long list: sorts, scrolls, searches. */
const browse = (text: string) => async (page: Page) => {
  await sort(page)
  await scroll(page)
  await search(page, text)
}

export const visits = ({ node, deployment }: { node: string; deployment: string }): Visit[] => [
  { name: 'Overview', path: '/', use: palette },
  {
    name: 'Nodes',
    path: '/nodes',
    use: browse('node-0099'),
  },
  {
    name: 'Map of the nodes',
    path: '/nodes?view=map',
    use: async (page) => {
      await scroll(page)
      await page.mouse.move(600, 400)
      await search(page, 'node-0099')
    },
  },
  { name: 'Node', path: `/nodes/${node}`, use: palette },
  {
    name: 'Deployments',
    path: '/deployments',
    use: browse('app-99'),
  },
  {
    name: 'Deployment',
    path: `/deployments/${deployment}`,
    use: async (page) => {
      for (const tab of ['Timeline', 'History', 'Placement']) {
        await page.getByRole('tab', { name: tab }).click()
        await sleep(400)
      }
    },
  },
  {
    name: 'Deploy',
    path: '/deployments/new',
    use: async (page) => {
      await page.getByLabel('Name', { exact: true }).pressSequentially('web-api', { delay: 60 })
      await page.getByLabel('CPU', { exact: true }).fill('1')
      await page.getByLabel('Region', { exact: true }).pressSequentially('region-3', { delay: 60 })
      await sleep(500)
    },
  },
  { name: 'Scores', path: '/scores', use: scroll },
  { name: 'Decisions', path: '/decisions', use: scroll },
  { name: 'Events', path: '/events', use: (page) => search(page, 'node-00') },
  { name: 'Time travel', path: '/history', use: scroll },
  { name: 'Failure drill', path: '/drill', use: scroll },
]
