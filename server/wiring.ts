import { setTimeout as sleep } from 'node:timers/promises'
import { selfAt, showIntake } from './api/agents/intake'
import { AccessWatch } from './api/context/access-watch'
import { createPasswordQueue } from './api/context/auth'
import type { Services } from './api/context/context'
import { createRefusalLog } from './api/context/refusal-log'
import { createSignInLog } from './api/context/sign-in-log'
import { LiveFleet } from './api/stream/live-fleet'
import { LiveLog } from './api/stream/live-log'
import { openStore } from './db/client'
import { openChangeStream } from './db/notify'
import { AddressList } from './lib/addresses'
import { systemClock } from './lib/clock'
import { readEnv } from './lib/env'
import { createLogger } from './lib/log'
import { loadSecrets } from './lib/secrets'
import { createSignInLimit } from './store/accounts/sign-in-limit'
import { createAgentInbox } from './store/agents/inbox'
import { createIntake } from './store/deployments/intake'

interface Running {
  services: Services
  stop(): Promise<void>
}

/** Heartbeats, reports, the credentials of both, and the marks of how far they have come: one each. */
const agentConnections = 4

/** One per process: Next bundles this module more than once, so the process itself keeps it. */
const shared = globalThis as typeof globalThis & { fogdeck?: Running }

/** What the web process works with; made at the first call. */
export function getServices(): Services {
  shared.fogdeck ??= start()
  return shared.fogdeck.services
}

/** Ends streams, drains and closes what `getServices` opened. */
export async function stopServices(): Promise<void> {
  await shared.fogdeck?.stop()
}

function start(): Running {
  const env = readEnv()
  if (env.databaseUrl === null)
    throw new Error('DATABASE_URL is not set: start the server with `npm start`, which starts the database too')
  const log = createLogger('web', env.logLevel)
  const secrets = loadSecrets(env.dataDir)
  const store = openStore(env.databaseUrl, {
    sealKey: secrets.sealKey,
    onConnectionError: (error) => log.warn(`A database connection broke: ${error.message}`),
  })
  const changes = openChangeStream(env.databaseUrl, (error) => log.warn(`The change feed broke: ${error.message}`))
  const fleet = new LiveFleet({ store, changes, clock: systemClock })
  const live = new LiveLog(changes)
  const access = new AccessWatch({ store, changes })
  const signInLog = createSignInLog({ store, log })
  const refusalLog = createRefusalLog({ store, log })
  // Connections of their own: what agents say never waits for what people ask.
  const agentStore = openStore(env.databaseUrl, {
    sealKey: secrets.sealKey,
    maxConnections: agentConnections,
    applicationName: 'fogdeck-agents',
    onConnectionError: (error) => log.warn(`A database connection broke: ${error.message}`),
  })
  const inbox = createAgentInbox(agentStore)
  const stopping = new AbortController()
  showIntake({ store: agentStore, inbox, log, reachSelf: selfAt(env, log) }, stopping.signal)
  return {
    services: {
      store,
      changes,
      live,
      log,
      clock: systemClock,
      signInLimit: createSignInLimit(store),
      signInLog,
      refusalLog,
      passwordQueue: createPasswordQueue(),
      access,
      intake: createIntake(store),
      fleet,
      inbox,
      authSecret: secrets.authSecret,
      publicUrl: env.publicUrl,
      webhookAddresses: new AddressList(env.webhookAddresses),
      stopping: stopping.signal,
    },
    stop: async () => {
      stopping.abort()
      // Answers that are under way get a moment before their database goes.
      await sleep(300)
      fleet.close()
      live.close()
      access.close()
      await signInLog.close()
      await refusalLog.close()
      await changes.close()
      await agentStore.close()
      await store.close()
    },
  }
}
