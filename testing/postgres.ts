/** A PostgreSQL for the length of a test run or a script, in `.test` of the project; nothing of it stays. */
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { isAlive } from '@/server/db/embedded/postmaster'
import { startEmbeddedPostgres, stopEmbeddedPostgres } from '@/server/db/embedded/server'

export interface ScratchPostgres {
  /** Of the database `postgres`, which stays empty. */
  adminUrl: string
  stop(): Promise<void>
}

/** Of everything that a test run leaves on the disk. */
export const testFolder = join(import.meta.dirname, '..', '.test')
const prefix = 'postgres-'

/** What is lost in a crash of the machine need not be waited for. */
const settings = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
  // A worker of it in a database keeps anybody but the superuser from dropping that.
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

/** Its files are copied: quicker than through the log, which nobody here reads. */
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

/** Data folders of runs that were killed: `<prefix><process id>`. */
export async function removeOrphans(start: string): Promise<void> {
  if (!existsSync(testFolder)) return
  for (const name of readdirSync(testFolder)) {
    const pid = Number(name.startsWith(start) ? name.slice(start.length) : 0)
    if (pid > 0 && (pid === process.pid || !isAlive(pid))) await remove(join(testFolder, name))
  }
}

/** With the database that may run in it. */
export async function remove(dataDir: string): Promise<void> {
  await stopEmbeddedPostgres(dataDir)
  rmSync(dataDir, { recursive: true, force: true })
}
