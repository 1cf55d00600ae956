/** What several specs do on the pages. */
import { expect, type Locator, type Page } from '@playwright/test'

interface DeployFormValues {
  name?: string
  image?: string
  replicas?: number | string
  region?: string
  cpu?: number | string
  memory?: number | string
  storage?: number | string
  gpu?: number | string
}

const labels: Record<keyof DeployFormValues, string> = {
  name: 'Name',
  image: 'Container image',
  replicas: 'Replicas',
  region: 'Region',
  cpu: 'CPU',
  memory: 'Memory',
  storage: 'Storage',
  gpu: 'GPU',
}

export async function fillDeployForm(page: Page, values: DeployFormValues): Promise<void> {
  for (const [name, value] of Object.entries(values)) {
    // Object.entries forgets the names of the keys.
    await page.getByLabel(labels[name as keyof DeployFormValues], { exact: true }).fill(String(value))
  }
}

/** The status beside the name of a deployment or node. */
export const statusOf = (page: Page, status: string): Locator =>
  page.getByRole('main').locator('header').getByText(status, { exact: true })

export const openTab = (page: Page, name: string): Promise<void> => page.getByRole('tab', { name }).click()

/** Both keys have to come within a moment, which a busy machine may miss. */
export async function goByKeys(page: Page, key: string, url: RegExp): Promise<void> {
  await expect(async () => {
    await page.keyboard.press('g')
    await page.keyboard.press(key)
    await expect(page).toHaveURL(url, { timeout: 5_000 })
  }).toPass()
}

/** Types both and presses the button. */
export async function fillSignIn(page: Page, username: string, password: string): Promise<void> {
  await page.getByLabel('Username').fill(username)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
}
