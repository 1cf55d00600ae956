import type { AuditAction } from '../domain/audit'
import type { Logger } from '../log'
import { type Author, audit } from '../store/audit'
import type { Store } from '../store/context'

/** What happened at the door. */
export interface SignInEvent {
  action: Extract<AuditAction, 'session.sign-in' | `sign-in.${string}`>
  /** Null: of a name that nobody has. Such a name is not written down: people type passwords in its place. */
  user: { id: string; name: string } | null
  address: string | null
  after?: Record<string, string>
}

interface Gathered {
  event: SignInEvent
  /** How many were not written yet. */
  times: number
}

const nobody = '00000000-0000-0000-0000-000000000000'
const gatherMs = 10 * 60_000
/** So many entries are written within that time; what else there is goes together, whoever and wherever it was. */
const mostEntries = 100

/**
 * Writes sign-ins and what was refused of them to the audit log. The first of a kind is written at once; those of the
 * next ten minutes that are the same are counted and written as one, so that a flood does not fill the log.
 */
export class SignInLog {
  readonly #store: Store
  readonly #log: Logger
  readonly #gathered = new Map<string, Gathered>()
  readonly #timer: NodeJS.Timeout

  constructor({ store, log }: { store: Store; log: Logger }) {
    this.#store = store
    this.#log = log
    this.#timer = setInterval(() => void this.flush(), gatherMs)
    this.#timer.unref()
  }

  /** A sign-in does not fail because it could not be written down. */
  async note(given: SignInEvent): Promise<void> {
    const keyOf = ({ action, user, address, after }: SignInEvent) =>
      JSON.stringify([action, user?.id ?? null, address, after ?? null])
    const fits = this.#gathered.size < mostEntries || this.#gathered.has(keyOf(given))
    const event: SignInEvent = fits ? given : { action: given.action, user: null, address: null }
    const key = keyOf(event)
    const gathered = this.#gathered.get(key)
    if (gathered) {
      gathered.times += 1
      return
    }
    this.#gathered.set(key, { event, times: 0 })
    await this.#write(event, 1)
  }

  /** Writes what was counted, and begins anew. */
  async flush(): Promise<void> {
    const gathered = [...this.#gathered.values()]
    this.#gathered.clear()
    for (const { event, times } of gathered) if (times > 0) await this.#write(event, times)
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.flush()
  }

  async #write({ action, user, address, after }: SignInEvent, times: number): Promise<void> {
    const author: Author = {
      name: action === 'session.sign-in' && user ? user.name : 'nobody',
      address,
      apiTokenId: null,
    }
    try {
      await audit(this.#store.pool, author, {
        action,
        subjectType: 'user',
        subjectId: user?.id ?? nobody,
        after: { ...(user ? {} : { name: 'unknown user' }), ...after, ...(times > 1 ? { times } : {}) },
      })
    } catch (error) {
      this.#log.warn({ err: error }, `The audit log could not be told of ${action}`)
    }
  }
}
