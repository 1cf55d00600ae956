import { randomUUID } from 'node:crypto'
import { inject } from 'vitest'
import { cloneOf, databaseUrl, runSql } from './postgres'
import { adminTemplateName, templateName } from './templates'

export interface TestDatabase {
  url: string
  /** Also ends the sessions that are still open. */
  drop(): Promise<void>
}

/** Creates a migrated database; call this once per test file, or per test where tests would disturb each other. */
export const testDatabase = (): Promise<TestDatabase> => createDatabase((name) => cloneOf(templateName, name))

/** Creates a migrated database with its first administrator: `admin`, with the password `adminPassword`. */
export const testDatabaseWithAdmin = (): Promise<TestDatabase> =>
  createDatabase((name) => cloneOf(adminTemplateName, name))

/** Creates a database without tables. */
export const emptyDatabase = (): Promise<TestDatabase> => createDatabase((name) => `create database ${name}`)

async function createDatabase(statement: (name: string) => string): Promise<TestDatabase> {
  const adminUrl = inject('postgresAdminUrl')
  const name = `test_${randomUUID().replaceAll('-', '')}`
  await runSql(adminUrl, statement(name))
  return {
    url: databaseUrl(adminUrl, name),
    drop: () => runSql(adminUrl, `drop database if exists ${name} with (force)`),
  }
}
