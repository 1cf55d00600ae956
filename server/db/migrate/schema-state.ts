import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Store } from '@/server/db/client'

/** Migrations that this version brings and the database has not finished. */
export async function pendingMigrations(store: Store): Promise<string[]> {
  const known = (await readdir(join(process.cwd(), 'prisma/migrations'))).filter((name) => /^\d{14}_/.test(name))
  const { rows } = await store.pool.query<{ migration_name: string }>(
    'select migration_name from _prisma_migrations where finished_at is not null and rolled_back_at is null',
  )
  const applied = new Set(rows.map((row) => row.migration_name))
  return known.filter((name) => !applied.has(name))
}
