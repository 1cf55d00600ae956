/** Starts one PostgreSQL per test run, with migrated databases that tests copy. */
import type { TestProject } from 'vitest/node'
import { openStore } from '@/server/db/client'
import { applyMigrations } from '@/server/db/migrate/migrate'
import { ensureFirstAdmin } from '@/server/store/accounts/users'
import { cloneOf, databaseUrl, runSql, type ScratchPostgres, startScratchPostgres } from '@/testing/postgres'
import { adminPassword, adminTemplateName, templateName, testSealKey } from '@/testing/templates'

declare module 'vitest' {
  interface ProvidedContext {
    postgresAdminUrl: string
  }
}

/** Two Vitest projects of one run share the server. */
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
  await runSql(postgres.adminUrl, cloneOf(templateName, adminTemplateName))
  const store = openStore(databaseUrl(postgres.adminUrl, adminTemplateName), { sealKey: testSealKey })
  await ensureFirstAdmin(store, { username: 'admin', password: adminPassword })
  await store.close()
  return postgres
}
