/** Brings a database to the newest schema, with ordinary Prisma migrations (prisma/migrations). */
import { createHash } from 'node:crypto'
import type { MigrationList } from '@prisma/schema-engine-wasm'
import pg from 'pg'
import { hasCode } from '@/server/lib/system-error'
import { filters, readMigrations, readSchema, schemaFile, withSchemaEngine } from './schema-engine'
import { upgradeToSquashed } from './upgrade'

/**
 * Creates the database when it is absent and applies what it lacks, all or nothing. The engine takes an advisory lock
 * (that of Prisma's own program), so of several processes one works and the others find nothing left to do.
 * @returns the names of the migrations that this call applied.
 * @throws Error when the database was made by a newer Fogdeck, or by migrations that have changed since.
 */
export async function applyMigrations(url: string): Promise<{ applied: string[] }> {
  await createDatabase(url)
  const migrationsList = readMigrations()
  const upgraded = await withClient(url, async (client) => {
    const names = await upgradeToSquashed(client)
    await checkHistory(client, migrationsList)
    return names
  })
  const result = await withSchemaEngine(url, (engine) => engine.applyMigrations({ migrationsList, filters }))
  return { applied: [...upgraded, ...result.appliedMigrationNames] }
}

/** The SQL that would bring the database to prisma/schema.prisma, or null when there is nothing to change. */
export async function schemaDrift(url: string): Promise<string | null> {
  const files = [{ path: schemaFile, content: readSchema() }]
  const { exitCode, stdout } = await withSchemaEngine(url, (engine) =>
    engine.diff({
      from: { tag: 'schemaDatasource', files, configDir: process.cwd() },
      to: { tag: 'schemaDatamodel', files },
      script: true,
      exitCode: true,
      filters,
    }),
  )
  const changes = 2
  return exitCode === changes ? (stdout ?? '') : null
}

type Queryable = Pick<pg.Pool | pg.Client, 'query'>

async function appliedMigrations(database: Queryable): Promise<{ name: string; checksum: string }[]> {
  try {
    const { rows } = await database.query<{ name: string; checksum: string }>(
      `select migration_name as name, checksum from _prisma_migrations
       where finished_at is not null and rolled_back_at is null order by started_at`,
    )
    return rows
  } catch (error) {
    if (hasCode(error, undefinedTable)) return []
    throw error
  }
}

async function checkHistory(database: Queryable, { migrationDirectories }: MigrationList): Promise<void> {
  const known = new Map(
    migrationDirectories.map(({ path, migrationFile }) => [path, migrationFile.content.value] as const),
  )
  for (const { name, checksum } of await appliedMigrations(database)) {
    const script = known.get(name)
    if (script === undefined) {
      throw new Error(
        `The database has the migration ${name}, which this Fogdeck does not know: it was used by a newer one`,
      )
    }
    if (createHash('sha256').update(script).digest('hex') !== checksum) {
      throw new Error(
        `The migration ${name} has changed since it was applied to this database: start with an empty one`,
      )
    }
  }
}

const undefinedTable = '42P01'
const invalidCatalogName = '3D000'
const duplicateDatabase = ['42P04', '23505']

async function createDatabase(url: string): Promise<void> {
  try {
    await withClient(url, async () => {})
  } catch (error) {
    if (!hasCode(error, invalidCatalogName)) throw error
    const address = new URL(url)
    const name = decodeURIComponent(address.pathname.slice(1))
    address.pathname = '/postgres'
    await withClient(address.href, async (client) => {
      await client.query(`create database ${pg.escapeIdentifier(name)}`).catch((failure: unknown) => {
        if (!hasCode(failure, ...duplicateDatabase)) throw failure
      })
    })
  }
}

async function withClient<T>(connectionString: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 10_000 })
  client.on('error', () => {})
  try {
    await client.connect()
    return await work(client)
  } finally {
    await client.end()
  }
}
