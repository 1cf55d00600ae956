/** Page actions that several specs share. */
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
    // Object.entries loses the type of the keys.
    await page.getByLabel(labels[name as keyof DeployFormValues], { exact: true }).fill(String(value))
  }
}

/** The status beside the name of a deployment or node. */
export const statusOf = (page: Page, status: string): Locator =>
  page.getByRole('main').locator('header').getByText(status, { exact: true })

export const openTab = (page: Page, name: string): Promise<void> => page.getByRole('tab', { name }).click()

/** Both keys must be pressed in quick succession, which a busy machine may miss. */
export async function goByKeys(page: Page, key: string, url: RegExp): Promise<void> {
  await expect(async () => {
    await page.keyboard.press('g')
    await page.keyboard.press(key)
    await expect(page).toHaveURL(url, { timeout: 5_000 })
  }).toPass()
}

/** Fills in the sign-in form and submits it. */
export async function fillSignIn(page: Page, username: string, password: string): Promise<void> {
  await page.getByLabel('Username').fill(username)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
}
