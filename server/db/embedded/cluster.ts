/** Makes the data folder of the embedded PostgreSQL. */
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { chownSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { hasCode } from '@/server/lib/system-error'
import { isAlive } from './postmaster'
import type { PostgresProgram } from './program'

interface NewCluster {
  pgdata: string
  /** Of the role; of letters, digits, - and _ only. */
  password: string
}

/** Owns its databases and may create them, but is no superuser: what it can reach ends at the data. */
export const databaseRole = 'fogdeck'

/** Made aside and renamed into place, so that the folder is complete or absent. False when somebody else was first. */
export async function initialize(program: PostgresProgram, { pgdata, password }: NewCluster): Promise<boolean> {
  removeLeftovers(pgdata)
  const aside = `${pgdata}.new-${process.pid}-${randomUUID()}`
  mkdirSync(aside, { mode: 0o700 })
  try {
    if (program.owner) chownSync(aside, program.owner.uid, program.owner.gid)
    // Every commit waits while a new segment of the log is filled: often and briefly rather than 60 ms at once.
    const segments = '--wal-segsize=4'
    const initdb = [`--pgdata=${aside}`, '--username=postgres', '--auth=reject', '--encoding=UTF8', segments]
    // The same order of text on every machine, whatever its locales.
    const locale = ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']
    await runToEnd(program, 'initdb', [...initdb, ...locale])
    // In single-user mode, so that no superuser ever needs a password or a way in.
    await runToEnd(
      program,
      'postgres',
      ['--single', '-D', aside, 'postgres'],
      `CREATE ROLE ${databaseRole} LOGIN CREATEDB PASSWORD '${password}'\n`,
    )
    writeFileSync(join(aside, 'pg_hba.conf'), `host all ${databaseRole} 127.0.0.1/32 scram-sha-256\n`)
    renameSync(aside, pgdata)
    return true
  } catch (error) {
    rmSync(aside, { recursive: true, force: true })
    if (hasCode(error, 'ENOTEMPTY', 'EEXIST')) return false
    throw error
  }
}

/** Of processes that were killed while they made a data folder. */
function removeLeftovers(pgdata: string): void {
  const folder = dirname(pgdata)
  for (const name of readdirSync(folder)) {
    const pid = /\.new-(\d+)-/.exec(name)?.[1]
    if (pid && !isAlive(Number(pid))) rmSync(join(folder, name), { recursive: true, force: true })
  }
}

async function runToEnd(
  program: PostgresProgram,
  name: 'initdb' | 'postgres',
  args: string[],
  input = '',
): Promise<void> {
  const child = program.spawn(name, args, { stdio: ['pipe', 'pipe', 'pipe'] })
  let output = ''
  child.stdout?.on('data', (chunk) => (output += chunk))
  child.stderr?.on('data', (chunk) => (output += chunk))
  child.stdin?.on('error', () => {})
  child.stdin?.end(input)
  const [code] = await once(child, 'close')
  // Single-user mode reports a failed statement, and ends well.
  if (code !== 0 || /^.*\b(ERROR|FATAL|PANIC): /m.test(output)) throw new Error(`${name} failed: ${output.trim()}`)
}
