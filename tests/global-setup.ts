/** Once per test run: a PostgreSQL, and in it a migrated database from which each test file clones its own. */
import type { TestProject } from 'vitest/node'
import { applyMigrations } from '@/server/store/migrate'
import { databaseUrl, type ScratchPostgres, startScratchPostgres } from './postgres'

export const templateName = 'template_fogdeck'

declare module 'vitest' {
  interface ProvidedContext {
    postgresAdminUrl: string
  }
}

/** Two projects of one run share it. */
const shared: { users: number; starting: Promise<ScratchPostgres> | null } = { users: 0, starting: null }

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  shared.users += 1
  shared.starting ??= start()
  const postgres = await shared.starting
  project.provide('postgresAdminUrl', postgres.adminUrl)
  return async () => {
    shared.users -= 1
    if (shared.users > 0) return
    shared.starting = null
    await postgres.stop()
  }
}

async function start(): Promise<ScratchPostgres> {
  const postgres = await startScratchPostgres()
  await applyMigrations(databaseUrl(postgres.adminUrl, templateName))
  return postgres
}
