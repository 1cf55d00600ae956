const gatherMs = 10 * 60_000
/** So many kinds of events are told apart within that time; what else there is is pooled. */
const mostKinds = 100

interface Options<Event> {
  /** Events with the same key are counted together. */
  keyOf: (event: Event) => string
  /** What an event counts as when too many kinds are told apart already. */
  pooled: (event: Event) => Event
  /** Writes one entry, for so many events. Does not throw. */
  write: (event: Event, times: number) => Promise<void>
}

/**
 * Writes what may happen very often as few entries: the first of a kind at once; those of the next ten minutes that are
 * the same are counted and written as one. A flood does not fill the log.
 */
export class GatheredLog<Event> {
  readonly #options: Options<Event>
  /** How many of each kind were not written yet. */
  readonly #gathered = new Map<string, { event: Event; times: number }>()
  readonly #timer: NodeJS.Timeout

  constructor(options: Options<Event>) {
    this.#options = options
    this.#timer = setInterval(() => void this.flush(), gatherMs)
    this.#timer.unref()
  }

  async note(given: Event): Promise<void> {
    const { keyOf, pooled, write } = this.#options
    const fits = this.#gathered.size < mostKinds || this.#gathered.has(keyOf(given))
    const event = fits ? given : pooled(given)
    const key = keyOf(event)
    const gathered = this.#gathered.get(key)
    if (gathered) {
      gathered.times += 1
      return
    }
    this.#gathered.set(key, { event, times: 0 })
    await write(event, 1)
  }

  /** Writes what was counted, and begins anew. */
  async flush(): Promise<void> {
    const gathered = [...this.#gathered.values()]
    this.#gathered.clear()
    for (const { event, times } of gathered) if (times > 0) await this.#options.write(event, times)
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.flush()
  }
}
