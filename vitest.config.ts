import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

const alias = [{ find: /^@\//, replacement: `${import.meta.dirname}/` }]
const globalSetup = ['tests/global-setup.ts']
/** A busy machine may take its time: only what never comes fails. */
const expect = { poll: { timeout: 15_000 } }
const setupFiles = ['tests/setup.ts']

export default defineConfig({
  test: {
    // Without this it is one fewer, which on two cores is half of the machine.
    maxWorkers: Math.min(8, availableParallelism()),
    projects: [
      {
        resolve: { alias },
        test: {
          name: 'unit',
          setupFiles,
          expect,
          include: ['{core,server,agent,app}/**/*.test.{ts,tsx}', 'tests/unit/**/*.test.{ts,tsx}'],
          testTimeout: 120_000,
        },
      },
      {
        resolve: { alias },
        test: {
          name: 'integration',
          include: ['tests/integration/**/*.test.ts'],
          setupFiles,
          expect,
          globalSetup,
          testTimeout: 120_000,
          hookTimeout: 300_000,
        },
      },
      {
        resolve: { alias },
        test: {
          name: 'engines',
          include: ['tests/engines/**/*.test.ts'],
          setupFiles,
          expect,
          globalSetup,
          // Each of them starts real container engines: one after the other.
          fileParallelism: false,
          // As in the browser, CI tries again what failed, and the summary names it.
          retry: process.env.CI ? 1 : 0,
          testTimeout: 180_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
})
