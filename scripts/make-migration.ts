/** Writes a new migration for the changes of prisma/schema.prisma that no migration has yet. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { applyMigrations, schemaDrift } from '../server/db/migrate/migrate'
import { migrationNames, migrationsFolder } from '../server/db/migrate/schema-engine'
import { databaseUrl, runSql, startScratchPostgres } from '../testing/postgres'

const usage = `npm run db:migration -- NAME     write a new migration with the changes of prisma/schema.prisma
npm run db:migration -- --first  write the first migration anew (only before the first release);
                                 what stands below its mark is kept`

const mark = '-- Below this line: what prisma/schema.prisma cannot express, written by hand.'
const scriptOf = (name: string) => join(migrationsFolder(), name, 'migration.sql')

async function main(): Promise<string> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { first: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
  })
  const [name] = positionals
  if (values.help) return usage
  if (values.first ? name : !name || !/^[a-z0-9_]+$/.test(name)) throw new Error(`Wrong arguments.\n${usage}`)
  const postgres = await startScratchPostgres()
  try {
    const url = databaseUrl(postgres.adminUrl, 'scratch')
    return await (values.first ? rewriteFirst(postgres.adminUrl, url) : addMigration(url, name ?? ''))
  } finally {
    await postgres.stop()
  }
}

async function addMigration(url: string, name: string): Promise<string> {
  await applyMigrations(url)
  const sql = await schemaDrift(url)
  if (sql === null) return 'The migrations have all that the schema has: nothing to write.'
  const time = new Date().toISOString().replace(/\D/g, '').slice(0, 14)
  return write(`${time}_${name}`, sql)
}

async function rewriteFirst(adminUrl: string, url: string): Promise<string> {
  const name = migrationNames()[0] ?? '20261201000000_schema'
  await runSql(adminUrl, 'create database scratch')
  const sql = (await schemaDrift(url)) ?? ''
  const old = migrationNames().length > 0 ? readFileSync(scriptOf(name), 'utf8') : mark
  if (!old.includes(mark)) throw new Error(`${scriptOf(name)} has lost its line "${mark}"`)
  return write(name, `${sql.trimEnd()}\n\n${old.slice(old.indexOf(mark)).trimEnd()}\n`)
}

function write(name: string, sql: string): string {
  mkdirSync(join(migrationsFolder(), name), { recursive: true })
  writeFileSync(join(migrationsFolder(), 'migration_lock.toml'), 'provider = "postgresql"\n')
  writeFileSync(scriptOf(name), sql)
  return `Wrote ${scriptOf(name)}`
}

try {
  process.stdout.write(`${await main()}\n`)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
  process.exitCode = 1
}
