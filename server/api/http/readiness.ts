import { setTimeout as sleep } from 'node:timers/promises'
import type { Services } from '@/server/api/context/context'
import type { Store } from '@/server/db/client'
import { databaseProblem } from '@/server/db/errors'
import { pendingMigrations } from '@/server/db/migrate/schema-state'
import { leaderState } from '@/server/store/leader/leadership'

interface Readiness {
  ready: boolean
  /** A sentence that says why the server is not ready; null when it is. */
  reason: string | null
  database: 'reachable' | 'not writable' | 'unreachable'
  migrations: 'applied' | 'missing' | 'unknown'
  scheduler: 'leading' | 'absent' | 'unknown'
  leader: string | null
  changes: 'arriving' | 'interrupted'
}

/** A database that hangs this long counts as unreachable. */
const graceMs = 3_000

/**
 * Checks whether work that is accepted now will be done: the database is reachable, writable and migrated, and a
 * scheduler leads.
 */
export async function readiness(services: Services): Promise<Readiness> {
  const { store, changes, log } = services
  const feed = changes.connected() ? 'arriving' : 'interrupted'
  const databaseFault = recentProblem(store)
  try {
    const [state, missing] = await withinGrace(Promise.all([leaderState(store), pendingMigrations(store)]))
    const reasons = [
      ...(missing.length > 0
        ? [`The database lacks ${missing.length} migrations: start Fogdeck anew to apply them`]
        : []),
      ...(state.present ? [] : ['No scheduler leads: what is accepted now waits for one']),
      ...(databaseFault === null ? [] : [databaseFault]),
    ]
    return {
      ready: reasons.length === 0,
      reason: reasons[0] ?? null,
      database: databaseFault === null ? 'reachable' : 'not writable',
      migrations: missing.length === 0 ? 'applied' : 'missing',
      scheduler: state.present ? 'leading' : 'absent',
      leader: state.leader,
      changes: feed,
    }
  } catch (error) {
    const reason = databaseProblem(error) ?? 'The database does not answer as expected; the log says more'
    log.warn(`Not ready: ${reason} (${error instanceof Error ? error.message : error})`)
    return {
      ready: false,
      reason,
      database: 'unreachable',
      migrations: 'unknown',
      scheduler: 'unknown',
      leader: null,
      changes: feed,
    }
  }
}

/** A write error counts for this long, because there may have been no write since. */
const problemCountsMs = 30_000

const recentProblem = ({ writeProblem }: Store): string | null =>
  writeProblem !== null && performance.now() - writeProblem.atMs < problemCountsMs ? writeProblem.sentence : null

async function withinGrace<T>(work: Promise<T>): Promise<T> {
  const over = new AbortController()
  const late = sleep(graceMs, undefined, { signal: over.signal }).then(() => {
    throw new Error('Query read timeout')
  })
  try {
    return await Promise.race([work, late])
  } finally {
    over.abort()
    late.catch(() => undefined)
  }
}
