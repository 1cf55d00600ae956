/**
 * Upgrades databases that were made before the migrations were squashed into one. Their history names migrations that no
 * longer exist; afterwards it names the squashed one, as if that had made them.
 */
import { createHash, randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type pg from 'pg'
import { migrationNames, prismaFolder, readMigrationScript } from './schema-engine'

/** The migrations of version 0.1, which prisma/upgrade begins with. */
const firstVersion = [
  '20261123000000_first',
  '20261127080104_moves',
  '20261127080301_lease_epoch',
  '20261127080305_node_loss',
  '20261127080500_node_names',
  '20261127081651_placement_wishes',
  '20261127084500_dead_evaluations',
  '20261127114503_replica_logs',
  '20261127124500_time_travel',
  '20261127173500_api_token_scope',
  '20261128030636_notification_channels',
  '20261129020000_one_index_of_reservations',
  '20261129083544_audit_api_token',
]

/** The lock that Prisma's schema engine takes, so that an upgrade and a migration exclude each other. */
const migrationLock = 72707369

const upgradeFolder = (): string => join(prismaFolder(), 'upgrade')

/** Names of the scripts that lead from version 0.1 to the squashed migration, in their order. */
export function upgradeNames(): string[] {
  return readdirSync(upgradeFolder())
    .filter((file) => file.endsWith('.sql'))
    .map((file) => file.slice(0, -'.sql'.length))
    .sort()
}

/**
 * Runs the scripts of prisma/upgrade that the database lacks, all or nothing. Does nothing to a database that is empty
 * or has the squashed migration.
 * @returns the names of the scripts that ran.
 * @throws Error when the database is older than version 0.1, or was left in the middle of a migration.
 */
export async function upgradeToSquashed(client: pg.Client): Promise<string[]> {
  await client.query('begin')
  try {
    await client.query('select pg_advisory_xact_lock($1)', [migrationLock])
    const missing = await missingScripts(client)
    for (const name of missing ?? []) await client.query(readFileSync(join(upgradeFolder(), `${name}.sql`), 'utf8'))
    if (missing) await rewriteHistory(client)
    await client.query('commit')
    return missing ?? []
  } catch (error) {
    await client.query('rollback').catch(() => undefined)
    throw error
  }
}

/** Null when the database needs no upgrade. */
async function missingScripts(client: pg.Client): Promise<string[] | null> {
  const found = await client.query<{ exists: boolean }>(
    `select to_regclass('_prisma_migrations') is not null as exists`,
  )
  if (!found.rows[0]?.exists) return null
  const { rows } = await client.query<{ name: string }>(
    `select migration_name as name from _prisma_migrations where finished_at is not null and rolled_back_at is null`,
  )
  const applied = new Set(rows.map(({ name }) => name))
  if (!firstVersion.some((name) => applied.has(name))) return null
  const absent = firstVersion.filter((name) => !applied.has(name))
  if (absent.length > 0)
    throw new Error(`The database was made before version 0.1 (${absent[0]} is missing), which cannot be upgraded`)
  return upgradeNames().filter((name) => !applied.has(name))
}

async function rewriteHistory(client: pg.Client): Promise<void> {
  const squashed = migrationNames()[0]
  if (squashed === undefined) throw new Error('prisma/migrations holds no migration')
  const checksum = createHash('sha256').update(readMigrationScript(squashed)).digest('hex')
  await client.query('delete from _prisma_migrations where migration_name = any($1::text[])', [
    [...firstVersion, ...upgradeNames()],
  ])
  await client.query(
    `insert into _prisma_migrations (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
     values ($1, $2, $3, now(), now(), 1)`,
    [randomUUID(), checksum, squashed],
  )
}
