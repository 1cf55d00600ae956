import { randomUUID } from 'node:crypto'
import { inject } from 'vitest'
import { templateName } from './global-setup'
import { databaseUrl, runSql } from './postgres'

export interface TestDatabase {
  url: string
  /** Also ends the sessions that are still open. */
  drop(): Promise<void>
}

/** A migrated database of its own; call it once per test file, or per test where tests would disturb each other. */
export const testDatabase = (): Promise<TestDatabase> => createDatabase(`template ${templateName}`)

/** A database without any table. */
export const emptyDatabase = (): Promise<TestDatabase> => createDatabase('')

async function createDatabase(options: string): Promise<TestDatabase> {
  const adminUrl = inject('postgresAdminUrl')
  const name = `test_${randomUUID().replaceAll('-', '')}`
  await runSql(adminUrl, `create database ${name} ${options}`)
  return {
    url: databaseUrl(adminUrl, name),
    drop: () => runSql(adminUrl, `drop database if exists ${name} with (force)`),
  }
}
