/** A temporary PostgreSQL for a test run or a script, in the project's folder `.test`. */
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { isAlive } from '@/server/db/embedded/postmaster'
import { startEmbeddedPostgres, stopEmbeddedPostgres } from '@/server/db/embedded/server'

export interface ScratchPostgres {
  /** URL of the database `postgres`, which stays empty. */
  adminUrl: string
  stop(): Promise<void>
}

/** Folder of everything that a test run leaves on the disk. */
export const testFolder = join(import.meta.dirname, '..', '.test')
const prefix = 'postgres-'

/** Durability is off, because nothing here needs to survive a crash of the machine. */
const settings = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
  // An autovacuum worker prevents anybody but the superuser from dropping its database.
  autovacuum: 'off',
}

export async function startScratchPostgres(): Promise<ScratchPostgres> {
  await removeOrphans(prefix)
  const dataDir = join(testFolder, `${prefix}${process.pid}`)
  const { url } = await startEmbeddedPostgres({ dataDir, password: 'only-for-tests', settings })
  return {
    adminUrl: databaseUrl(url, 'postgres'),
    stop: () => remove(dataDir),
  }
}

export function databaseUrl(url: string, database: string): string {
  const address = new URL(url)
  address.pathname = `/${database}`
  return address.href
}

/** Copies files, which is faster than copying through the write-ahead log, and nothing here reads that log. */
export const cloneOf = (template: string, name: string): string =>
  `create database ${name} template ${template} strategy file_copy`

export async function runSql(url: string, ...statements: string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    for (const statement of statements) await client.query(statement)
  } finally {
    await client.end()
  }
}

/** Removes data folders of killed runs: `<prefix><process id>`. */
export async function removeOrphans(start: string): Promise<void> {
  if (!existsSync(testFolder)) return
  for (const name of readdirSync(testFolder)) {
    const pid = Number(name.startsWith(start) ? name.slice(start.length) : 0)
    if (pid > 0 && (pid === process.pid || !isAlive(pid))) await remove(join(testFolder, name))
  }
}

/** Removes a data folder and stops the database in it. */
export async function remove(dataDir: string): Promise<void> {
  await stopEmbeddedPostgres(dataDir)
  rmSync(dataDir, { recursive: true, force: true })
}
