import { existsSync } from 'node:fs'
import { chromium, defineConfig, devices } from '@playwright/test'

// Playwright's own browser when it is installed, else Debian's.
const launchOptions = existsSync(chromium.executablePath())
  ? {}
  : { executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-dev-shm-usage'] }

export default defineConfig({
  testDir: 'e2e',
  globalSetup: './e2e/support/global-setup.ts',
  outputDir: '.test/e2e-results',
  reporter: [['list'], ['html', { open: 'never', outputFolder: 'playwright-report' }]],
  workers: 2,
  // For machines of which others take most: what is asserted is what happens, not how fast.
  timeout: 300_000,
  expect: {
    timeout: 60_000,
    toHaveScreenshot: { stylePath: 'e2e/looks/still.css' },
  },
  snapshotPathTemplate: '{testDir}/looks/{arg}{ext}',
  forbidOnly: Boolean(process.env.CI),
  // Of tests that fail at first the summary gives the names.
  retries: process.env.CI ? 1 : 0,
  use: {
    ...devices['Desktop Chrome'],
    // Set by the global setup before the workers read this.
    baseURL: process.env.FOGDECK_E2E_URL,
    // Recording costs every test a fifth of its time.
    trace: process.env.CI ? 'on-first-retry' : 'retain-on-failure',
    screenshot: 'only-on-failure',
    launchOptions,
  },
})
