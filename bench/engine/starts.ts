/** When containers started, according to the engine's events: one clock for all contenders. */
import type { DockerHttp } from '@/agent/engines/docker/http'
import { isRecord } from '@/agent/engines/docker/http'
import { jsonLines } from '@/agent/engines/docker/streams'

type Attributes = Record<string, unknown>

interface Expectation {
  left: number
  belongs: (attributes: Attributes) => boolean
  reached: (atMs: number) => void
}

export class Starts {
  readonly #closed = new AbortController()
  #expected: Expectation | null = null

  static async follow(http: DockerHttp): Promise<Starts> {
    const starts = new Starts()
    const filters = JSON.stringify({ type: ['container'], event: ['start'] })
    const stream = await http.open({ path: '/events', query: { filters }, signal: starts.#closed.signal })
    const lines = jsonLines((event) => starts.#take(isRecord(event.Actor) ? event.Actor.Attributes : {}))
    const read = async () => {
      for await (const chunk of stream) lines.push(chunk)
    }
    read().catch((error: unknown) => {
      if (!starts.#closed.signal.aborted) throw error
    })
    return starts
  }

  /** When the last of `count` matching containers started, on the scale of performance.now(). */
  next(count: number, belongs: Expectation['belongs']): Promise<number> {
    return new Promise((reached) => {
      this.#expected = { left: count, belongs, reached }
    })
  }

  close(): void {
    this.#closed.abort()
  }

  #take(attributes: unknown): void {
    const expected = this.#expected
    if (!expected || !isRecord(attributes) || !expected.belongs(attributes)) return
    expected.left--
    if (expected.left > 0) return
    this.#expected = null
    expected.reached(performance.now())
  }
}
