/**
 * Probes that take the way of what agents send, one after the other. When one came through, and all before it have come
 * through or failed, then everything that arrived before it started is recorded. Times are milliseconds of a clock that
 * never jumps.
 */
export class IntakeLane {
  readonly #underWay: { atMs: number; end: 'through' | 'failed' | null }[] = []
  #untilMs: number | null = null
  #unbrokenSinceMs: number | null = null

  /** After `breakAfterMs` without a probe that came through, the server did not take anything in between. */
  constructor(
    private readonly breakAfterMs: number,
    private readonly onMoved: () => void,
  ) {}

  /** Everything that arrived before this time is recorded; null until something was. */
  get untilMs(): number | null {
    return this.#untilMs
  }

  /** The time since which every probe came through. */
  get unbrokenSinceMs(): number | null {
    return this.#unbrokenSinceMs
  }

  /** The number of probes in flight. */
  get underWay(): number {
    return this.#underWay.length
  }

  /** Starts a probe; `way` resolves when it came through, and rejects if it did not. */
  start(atMs: number, way: Promise<unknown>): void {
    const probe: { atMs: number; end: 'through' | 'failed' | null } = { atMs, end: null }
    this.#underWay.push(probe)
    const ended = (end: 'through' | 'failed') => () => {
      probe.end = end
      this.#moveOn()
    }
    way.then(ended('through'), ended('failed'))
  }

  #moveOn(): void {
    const before = this.#untilMs
    while (this.#underWay[0]?.end) {
      const probe = this.#underWay.shift()
      if (probe?.end !== 'through') continue
      if (this.#untilMs === null || probe.atMs - this.#untilMs > this.breakAfterMs) this.#unbrokenSinceMs = probe.atMs
      this.#untilMs = probe.atMs
    }
    if (this.#untilMs !== before) this.onMoved()
  }
}
