import { leaderState } from '../store/leadership'
import { pendingMigrations } from '../store/schema-state'
import type { Services } from './context'

export interface Readiness {
  ready: boolean
  database: 'reachable' | 'unreachable'
  migrations: 'applied' | 'missing' | 'unknown'
  scheduler: 'leading' | 'absent' | 'unknown'
  leader: string | null
  changes: 'arriving' | 'interrupted'
}

/** Whether work that is accepted now will be done: the database answers, is migrated, and a scheduler leads. */
export async function readiness({ store, changes, log }: Services): Promise<Readiness> {
  const feed = changes.connected() ? 'arriving' : 'interrupted'
  try {
    const [state, missing] = await Promise.all([leaderState(store), pendingMigrations(store)])
    return {
      ready: state.present && missing.length === 0,
      database: 'reachable',
      migrations: missing.length === 0 ? 'applied' : 'missing',
      scheduler: state.present ? 'leading' : 'absent',
      leader: state.leader,
      changes: feed,
    }
  } catch (error) {
    log.warn(`Not ready: ${(error as Error).message}`)
    return {
      ready: false,
      database: 'unreachable',
      migrations: 'unknown',
      scheduler: 'unknown',
      leader: null,
      changes: feed,
    }
  }
}
