import { TRPCError } from '@trpc/server'
import type { Change, ChangeStream } from '@/server/db/notify'

/** Collects changes between two reads of a stream, so that a slow reader gets one summary instead of a backlog. */
export class ChangeCollector {
  readonly #pending = new Map<Change['topic'], Set<string> | 'any'>()
  readonly #signals: AbortSignal[]
  readonly #unsubscribe: () => void
  #wake: () => void = () => undefined
  readonly #aborted = () => this.#wake()

  /** A wait ends as soon as one of `signals` aborts. */
  constructor(
    feed: Pick<ChangeStream, 'subscribe'>,
    wanted: (change: Change) => boolean,
    signals: (AbortSignal | undefined)[],
  ) {
    this.#signals = signals.filter((signal) => signal !== undefined)
    for (const signal of this.#signals) signal.addEventListener('abort', this.#aborted)
    this.#unsubscribe = feed.subscribe((change) => {
      if (!wanted(change)) return
      const known = this.#pending.get(change.topic)
      if (change.ids.length === 0 || known === 'any') this.#pending.set(change.topic, 'any')
      else if (known) for (const id of change.ids) known.add(id)
      else this.#pending.set(change.topic, new Set(change.ids))
      this.#wake()
    })
  }

  /**
   * Returns the changes since the last call, after waiting for at least one; returns none once a signal has aborted.
   */
  async next(): Promise<Change[]> {
    if (this.#pending.size === 0 && !this.#signals.some((signal) => signal.aborted))
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    const changes = [...this.#pending].map(([topic, ids]) => ({ topic, ids: ids === 'any' ? [] : [...ids] }))
    this.#pending.clear()
    return changes
  }

  close(): void {
    this.#unsubscribe()
    for (const signal of this.#signals) signal.removeEventListener('abort', this.#aborted)
  }
}

/** This error is thrown because a client reopens a stream that throws, but not one that returns. */
export const stoppingError = (): TRPCError =>
  new TRPCError({ code: 'SERVICE_UNAVAILABLE', message: 'The server is stopping; connect again in a moment' })
