import type { Store } from '@/server/db/client'
import type { Change, ChangeStream } from '@/server/db/notify'
import { apiTokenRestMs } from '@/server/store/accounts/api-tokens'
import { sessionRestMs } from '@/server/store/accounts/sessions'
import type { Actor } from '@/server/store/records/audit'

/** A session or API token, with the streams that use it. */
interface Watched {
  userId: string
  read: () => Promise<number>
  /** Whether a change may have ended the session or token. */
  isAbout: (change: Change) => boolean
  streams: Set<AbortController>
  timer: NodeJS.Timeout | undefined
  /** Counts reads, so that an older result doesn't overwrite a newer one. */
  reads: number
}

/** The longest wait between two checks: the end of a session moves while the session is used. */
const mostMs = 10 * 60_000
/** Wait after a failed check. */
const againMs = 5_000

/**
 * Ends streams whose session or API token ended, by a sign-out, by the owner, by an administrator or by expiry. There
 * is one instance per process, which checks each session or token once, however many streams use it.
 */
export class AccessWatch {
  readonly #watched = new Map<string, Watched>()
  readonly #store: Store
  readonly #unsubscribe: () => void

  constructor({ store, changes }: { store: Store; changes: Pick<ChangeStream, 'subscribe'> }) {
    this.#store = store
    this.#unsubscribe = changes.subscribe((change) => {
      for (const [key, watched] of this.#watched) if (watched.isAbout(change)) void this.#retry(key, watched)
    })
  }

  /** The signal aborts when the actor loses access. Call `release` when the stream ends. */
  watch(actor: Actor): { signal: AbortSignal; release: () => void } {
    const stream = new AbortController()
    const key = actor.apiTokenId ?? actor.sessionId
    if (key === null) return { signal: stream.signal, release: () => undefined }
    const watched = this.#watched.get(key) ?? this.#begin(key, actor)
    watched.streams.add(stream)
    // The access may have ended between the authorization of the call and this watch.
    void this.#retry(key, watched)
    return {
      signal: stream.signal,
      release: () => {
        watched.streams.delete(stream)
        if (watched.streams.size === 0) this.#forget(key, watched)
      },
    }
  }

  close(): void {
    this.#unsubscribe()
    for (const [key, watched] of this.#watched) this.#forget(key, watched)
  }

  #begin(key: string, { id: userId, apiTokenId }: Actor): Watched {
    const named = ({ ids }: Change, id: string) => ids.length === 0 || ids.includes(id)
    const watched: Watched = {
      userId,
      read: () => (apiTokenId === null ? sessionRestMs(this.#store, key) : apiTokenRestMs(this.#store, key)),
      isAbout: (change) =>
        change.topic === 'user' || change.topic === 'session'
          ? named(change, userId)
          : change.topic === 'token' && apiTokenId !== null && named(change, apiTokenId),
      streams: new Set(),
      timer: undefined,
      reads: 0,
    }
    this.#watched.set(key, watched)
    return watched
  }

  async #retry(key: string, watched: Watched): Promise<void> {
    watched.reads += 1
    const { reads } = watched
    const restMs = await watched.read().catch(() => againMs)
    if (this.#watched.get(key) !== watched || watched.reads !== reads) return
    clearTimeout(watched.timer)
    if (restMs <= 0) {
      this.#forget(key, watched)
      for (const stream of watched.streams) stream.abort()
      return
    }
    // Slightly later than the expiry, so that it has passed by the database's clock, too.
    watched.timer = setTimeout(() => void this.#retry(key, watched), Math.min(restMs + 50, mostMs))
    watched.timer.unref()
  }

  #forget(key: string, watched: Watched): void {
    clearTimeout(watched.timer)
    if (this.#watched.get(key) === watched) this.#watched.delete(key)
  }
}
