/** The scheduler process: leads when it is elected, and stands by otherwise. */
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock } from '../clock'
import { readEnv } from '../env'
import { createLogger } from '../log'
import { loadSecrets } from '../secrets'
import { openChangeFeed } from '../store/changes'
import { openStore } from '../store/context'
import { StaleLeaderError, tryToLead } from '../store/leadership'
import { FleetView } from './fleet-view'
import { runEvaluations } from './loop'
import { keepRecords, watchFleet } from './watch'

const env = readEnv()
const log = createLogger('scheduler', env.logLevel)
const { databaseUrl } = env
if (databaseUrl === null) {
  log.fatal('DATABASE_URL is not set: start the scheduler with `npm start`, which starts the database too')
  process.exit(1)
}
const worker = `${hostname()}-${process.pid}`
const store = openStore(databaseUrl, {
  sealKey: loadSecrets(env.dataDir).sealKey,
  maxConnections: 8,
  onConnectionError: (error) => log.warn(`A database connection broke: ${error.message}`),
})
const changes = openChangeFeed(databaseUrl, (error) => log.warn(`The change feed broke: ${error.message}`))
const stopping = new AbortController()

const stop = (why: string) => {
  if (stopping.signal.aborted) return
  log.info(`Stopping: ${why}`)
  stopping.abort()
  // What is under way is finished or handed back; nothing may keep the process longer than this.
  setTimeout(() => process.exit(1), 5_000).unref()
}
process.on('SIGTERM', () => stop('asked to'))
process.on('SIGINT', () => stop('asked to'))
process.on('disconnect', () => stop('the supervisor is gone'))

/** Stands by until elected, then leads until the reign ends. */
async function reign(url: string): Promise<void> {
  const leadership = await tryToLead(url, worker)
  if (!leadership) {
    await sleep(1_000, undefined, { signal: stopping.signal }).catch(() => undefined)
    return
  }
  const over = new AbortController()
  const signal = AbortSignal.any([over.signal, stopping.signal])
  void leadership.lost.then(() => over.abort())
  const fleet = new FleetView(store, changes)
  const scheduling = { store, log, clock: systemClock, worker, epoch: leadership.epoch, fleet }
  log.info(`Scheduler ${worker} leads (epoch ${leadership.epoch})`)
  const work = [
    runEvaluations(scheduling, changes, signal),
    watchFleet(scheduling, signal),
    keepRecords(scheduling, signal),
  ]
  try {
    await Promise.all(work)
  } finally {
    over.abort()
    await Promise.allSettled(work)
    fleet.close()
    await leadership.resign().catch(() => undefined)
    log.info(`Scheduler ${worker} leads no more`)
  }
}

while (!stopping.signal.aborted) {
  try {
    await reign(databaseUrl)
  } catch (error) {
    const { message } = error as Error
    if (error instanceof StaleLeaderError) log.warn(message)
    else log.error({ err: error }, `The scheduler stumbled and starts over: ${message}`)
    await sleep(1_000, undefined, { signal: stopping.signal }).catch(() => undefined)
  }
}
await changes.close()
await store.close()
log.info('Stopped')
process.exit(0)
