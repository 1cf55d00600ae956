import { openStore, type Store } from '../../server/db/client'
import { embeddedExists, startEmbeddedPostgres, stopEmbeddedPostgres } from '../../server/db/embedded/server'
import type { Env } from '../../server/lib/env'
import { loadSecrets } from '../../server/lib/secrets'

interface ExistingDatabase {
  url: string
  /** Stops the database again unless it was running before. */
  close(): Promise<void>
}

/** The database that `npm start` uses or would use. An embedded one is started if necessary. */
export async function existingDatabase({ databaseUrl, dataDir }: Env): Promise<ExistingDatabase> {
  if (databaseUrl !== null) return { url: databaseUrl, close: async () => {} }
  if (!embeddedExists(dataDir)) throw new Error(`There is no database in ${dataDir} yet: run npm start first`)
  const { url, alreadyRunning } = await startEmbeddedPostgres({
    dataDir,
    password: loadSecrets(dataDir).databasePassword,
  })
  return { url, close: () => (alreadyRunning ? Promise.resolve() : stopEmbeddedPostgres(dataDir)) }
}

/** Runs `work` with the store of that database. */
export async function withExistingStore<T>(env: Env, work: (store: Store) => Promise<T>): Promise<T> {
  const database = await existingDatabase(env)
  const store = openStore(database.url, { sealKey: loadSecrets(env.dataDir).sealKey, maxConnections: 2 })
  try {
    return await work(store)
  } finally {
    await store.close()
    await database.close()
  }
}

/** For small programs: prints an error as one line on stderr and exits with a code other than 0. */
export async function runProgram(main: () => Promise<string>): Promise<void> {
  try {
    process.stdout.write(`${await main()}\n`)
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
    process.exitCode = 1
  }
}
