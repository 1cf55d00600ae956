import type { Store } from '@/server/db/client'
import type { Change, ChangeStream } from '@/server/db/notify'
import { apiTokenRestMs } from '@/server/store/accounts/api-tokens'
import { sessionRestMs } from '@/server/store/accounts/sessions'
import type { Actor } from '@/server/store/records/audit'

/** The session or API token of some streams. */
interface Watched {
  userId: string
  read: () => Promise<number>
  /** Whether a change may have ended it. */
  concerns: (change: Change) => boolean
  streams: Set<AbortController>
  timer: NodeJS.Timeout | undefined
  /** Counts the reads, so that an older answer does not overrule a newer one. */
  reads: number
}

/** An end that is further away is looked at again then: sessions that are used go on. */
const mostMs = 10 * 60_000
/** When the database did not answer. */
const againMs = 5_000

/**
 * Ends the streams of sessions and API tokens that end: by a sign-out, by their owner, by an administrator, or because
 * their time is over. One per process; each session or token is looked at once, however many streams it has.
 */
export class AccessWatch {
  readonly #watched = new Map<string, Watched>()
  readonly #store: Store
  readonly #unsubscribe: () => void

  constructor({ store, changes }: { store: Store; changes: Pick<ChangeStream, 'subscribe'> }) {
    this.#store = store
    this.#unsubscribe = changes.subscribe((change) => {
      for (const [key, watched] of this.#watched) if (watched.concerns(change)) void this.#look(key, watched)
    })
  }

  /** The signal aborts when calls of the actor are not answered any more. Call `release` when the stream is over. */
  watch(actor: Actor): { signal: AbortSignal; release: () => void } {
    const stream = new AbortController()
    const key = actor.apiTokenId ?? actor.sessionId
    if (key === null) return { signal: stream.signal, release: () => undefined }
    const watched = this.#watched.get(key) ?? this.#begin(key, actor)
    watched.streams.add(stream)
    // It may have ended since the call was let in, before anybody watched it.
    void this.#look(key, watched)
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
      concerns: (change) =>
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

  async #look(key: string, watched: Watched): Promise<void> {
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
    // A little later than the end itself, so that it is over by the database's clock, too.
    watched.timer = setTimeout(() => void this.#look(key, watched), Math.min(restMs + 50, mostMs))
    watched.timer.unref()
  }

  #forget(key: string, watched: Watched): void {
    clearTimeout(watched.timer)
    if (this.#watched.get(key) === watched) this.#watched.delete(key)
  }
}
