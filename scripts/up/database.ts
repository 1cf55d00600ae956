/** The database of this start: an external one, or the embedded one, which is restarted when it dies. */
import { setTimeout as sleep } from 'node:timers/promises'
import { connectionProblem } from '../../server/db/embedded/reachable'
import { embeddedIsRunning, startEmbeddedPostgres, stopEmbeddedPostgres } from '../../server/db/embedded/server'
import type { Env } from '../../server/lib/env'
import { loadSecrets } from '../../server/lib/secrets'
import { messageOf, StartError, say } from './progress'

export interface Database {
  readonly url: string
  /** Null for an external database. Stops the embedded one unless others use the data folder. */
  stop: (() => Promise<void>) | null
}

/** @param onMoved called when the embedded database had to restart at another address. */
export async function openDatabase(env: Env, onMoved: () => void, stopping: AbortSignal): Promise<Database> {
  if (env.databaseUrl === null) return openEmbedded(env.dataDir, onMoved)
  await waitForOutside(env.databaseUrl, stopping)
  return { url: env.databaseUrl, stop: null }
}

const watchMs = 1_000

async function openEmbedded(dataDir: string, onMoved: () => void): Promise<Database> {
  const start = () => {
    const password = loadSecrets(dataDir).databasePassword
    return startEmbeddedPostgres({ dataDir, password, announce: say })
  }
  const { fresh, alreadyRunning, ...first } = await start()
  say(
    fresh
      ? 'Made a database in the data folder'
      : alreadyRunning
        ? 'Found the database running'
        : 'Started the database',
  )
  const database = { url: first.url, stop: () => stop() }
  let looking: Promise<void> = Promise.resolve()
  const timer = setInterval(() => {
    looking = looking.then(look)
  }, watchMs)

  async function look(): Promise<void> {
    if (embeddedIsRunning(dataDir)) return
    say('The database has ended: starting it again')
    try {
      const { url } = await start()
      if (url === database.url) return
      database.url = url
      onMoved()
    } catch (error) {
      say(`The database does not start: ${messageOf(error)}`)
    }
  }
  async function stop(): Promise<void> {
    clearInterval(timer)
    await looking
    await stopEmbeddedPostgres(dataDir)
  }
  return database
}

const graceMs = 30_000

/** A database that starts at the same time may need a moment. */
async function waitForOutside(connectionString: string, stopping: AbortSignal): Promise<void> {
  const { host, pathname } = new URL(connectionString)
  const deadline = performance.now() + graceMs
  for (let attempt = 1; ; attempt += 1) {
    const problem = await connectionProblem(connectionString)
    if (problem === null) return
    if (!problem.mayPass || performance.now() > deadline) {
      throw new StartError(`DATABASE_URL: the database${pathname} at ${host} cannot be used: ${problem.message}`)
    }
    if (attempt === 1) say(`Waiting for the database at ${host}: ${problem.message}`)
    await sleep(1_000, undefined, { signal: stopping })
  }
}
