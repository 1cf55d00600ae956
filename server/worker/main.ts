/** The scheduler process: leads when elected, and stands by otherwise. */
import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { openStore } from '@/server/db/client'
import { openChangeStream } from '@/server/db/notify'
import { AddressList } from '@/server/lib/addresses'
import { DatabaseClock } from '@/server/lib/database-clock'
import { readEnv } from '@/server/lib/env'
import { createLogger } from '@/server/lib/log'
import { loadSecrets } from '@/server/lib/secrets'
import {
  type Candidate,
  type Leadership,
  StaleLeaderError,
  sessionName,
  standForElection,
} from '@/server/store/leader/leadership'
import { FleetView } from './fleet-cache'
import { LeadershipTerm } from './leadership-term'
import { runEvaluations } from './loop'
import { runNotifications } from './notify'
import { RecordedRefusals } from './recorded-refusals'
import { keepRecords, watchFleet } from './sweep'

const env = readEnv()
const log = createLogger('scheduler', env.logLevel)
const { databaseUrl } = env
if (databaseUrl === null) {
  log.fatal('DATABASE_URL is not set: start the scheduler with `npm start`, which starts the database too')
  process.exit(1)
}
// Several containers may have the same host name and process id.
const worker = `${hostname()}-${process.pid}-${randomBytes(3).toString('hex')}`
const store = openStore(databaseUrl, {
  sealKey: loadSecrets(env.dataDir).sealKey,
  maxConnections: 8,
  applicationName: sessionName(worker),
  onConnectionError: (error) => log.warn(`A database connection broke: ${error.message}`),
})
const changes = openChangeStream(databaseUrl, (error) => log.warn(`The change feed broke: ${error.message}`))
const webhookAddresses = new AddressList(env.webhookAddresses)
const stopping = new AbortController()

const stop = (why: string) => {
  if (stopping.signal.aborted) return
  log.info(`Stopping: ${why}`)
  stopping.abort()
  // Work in progress is finished or released; nothing may keep the process alive longer than this.
  setTimeout(() => process.exit(1), 5_000).unref()
}
process.on('SIGTERM', () => stop('asked to'))
process.on('SIGINT', () => stop('asked to'))
process.on('disconnect', () => stop('the supervisor is gone'))

/** A standby checks this often whether there is no leader, in milliseconds. */
const standbyMs = 500

/** Waits until elected; returns null when stopped before. */
async function waitForElection(candidate: Candidate): Promise<Leadership | null> {
  while (!stopping.signal.aborted) {
    const leadership = await candidate.tryToLead()
    if (leadership) return leadership
    const ended = await candidate.deposeUnresponsiveLeader()
    if (ended > 0) log.warn(`The leader did not answer for too long: ended its ${ended} connections`)
    else await sleep(standbyMs, undefined, { signal: stopping.signal }).catch(() => undefined)
  }
  return null
}

/** Leads until the leadership term ends. */
async function lead(leadership: Leadership): Promise<void> {
  const over = new AbortController()
  const signal = AbortSignal.any([over.signal, stopping.signal])
  void leadership.lost.then(() => over.abort())
  const clock = new DatabaseClock()
  const term = new LeadershipTerm(leadership, { store, clock, log })
  await term.show()
  const fleet = new FleetView(store, changes)
  const refusals = new RecordedRefusals()
  const scheduling = { store, log, clock, worker, epoch: leadership.epoch, fleet, refusals }
  log.info(`Scheduler ${worker} leads (epoch ${leadership.epoch})`)
  const work = [
    runEvaluations(scheduling, changes, signal),
    watchFleet({ ...scheduling, term }, signal),
    keepRecords(scheduling, signal),
    runNotifications({ ...scheduling, webhookAddresses, publicUrl: env.publicUrl }, signal),
    term.keepShowing(signal),
  ]
  try {
    await Promise.all(work)
  } finally {
    over.abort()
    await Promise.allSettled(work)
    fleet.close()
    log.info(`Scheduler ${worker} leads no more`)
  }
}

async function standAndLead(url: string): Promise<void> {
  const candidate = await standForElection(url, { name: worker })
  try {
    const leadership = await waitForElection(candidate)
    if (leadership) await lead(leadership)
  } finally {
    await candidate.close()
  }
}

while (!stopping.signal.aborted) {
  try {
    await standAndLead(databaseUrl)
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
