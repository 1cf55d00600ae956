const gatherMs = 10 * 60_000
/** Kinds of events that are counted separately within that time; further kinds are pooled. */
const mostKinds = 100

interface Options<Event> {
  /** Events with the same key are counted together. */
  keyOf: (event: Event) => string
  /** The event to count instead when there are too many kinds. */
  pooled: (event: Event) => Event
  /** Writes one entry for `times` events. Does not throw. */
  write: (event: Event, times: number) => Promise<void>
}

/**
 * Writes frequent events as few log entries: the first of a kind at once, and equal ones of the next ten minutes as one
 * entry with a count. So a flood doesn't fill the log.
 */
export class GatheredLog<Event> {
  readonly #options: Options<Event>
  /** The number of unwritten events of each kind. */
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

  /** Writes the counted events and resets the counts. */
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
