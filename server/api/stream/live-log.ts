import { randomUUID } from 'node:crypto'
import type { LiveChange } from '@/core/views/live'
import type { Change, ChangeStream } from '@/server/db/notify'

type Topic = Exclude<LiveChange['topic'], 'hello' | 'session-ended'>

const topics: readonly string[] = [
  'deployment',
  'node',
  'user',
  'session',
  'token',
  'setting',
  'scheduler',
] satisfies Topic[]
const isTopic = (topic: string): topic is Topic => topics.includes(topic)

/** Nodes change with every heartbeat, so pages receive such changes at most this often. */
const nodePauseMs = 500
/** Above this number the ids are omitted: any id of the topic may have changed. */
const mostIds = 200
/** Number of ids that are kept per topic for readers that reconnect. */
const keptIds = 20_000

interface Persisted {
  /** Id → number of its latest change, oldest first. */
  ids: Map<string, number>
  /** A reader that is older than this number may have missed any id. */
  anyAt: number
}

/**
 * The change log of one web process for its pages. It numbers the changes and keeps the latest change of each id, so
 * that an interrupted stream can continue: missed changes are sent once per id, however often it changed.
 */
export class LiveLog {
  /** Identifies this process in cursors, because numbers are only valid within one process. */
  readonly #process = randomUUID().slice(0, 8)
  #number = 0
  readonly #kept = new Map<Topic, Persisted>()
  readonly #listeners = new Set<(change: Change) => void>()
  #nodes: Set<string> | 'any' = new Set()
  #timer: NodeJS.Timeout | undefined
  readonly #unsubscribe: () => void

  constructor(feed: Pick<ChangeStream, 'subscribe'>) {
    this.#unsubscribe = feed.subscribe((change) => {
      if (change.topic === 'node') this.#gather(change.ids)
      else if (isTopic(change.topic)) this.#publish(change.topic, change.ids)
    })
  }

  /** The id of the latest change; a reader with this cursor knows all changes up to now. */
  get cursor(): string {
    return `${this.#process}:${this.#number}`
  }

  subscribe(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** The changes after an event; null when the event is of another process. */
  since(eventId: string): Change[] | null {
    const [process, text] = eventId.split(':')
    const seen = Number(text)
    if (process !== this.#process || !Number.isInteger(seen) || seen > this.#number) return null
    return [...this.#kept].flatMap(([topic, { ids, anyAt }]) => {
      if (anyAt > seen) return [{ topic, ids: [] }]
      const missed = [...ids].flatMap(([id, number]) => (number > seen ? id : []))
      return missed.length > 0 ? [{ topic, ids: missed }] : []
    })
  }

  close(): void {
    this.#unsubscribe()
    clearTimeout(this.#timer)
  }

  #gather(ids: readonly string[]): void {
    if (ids.length === 0) this.#nodes = 'any'
    else if (this.#nodes !== 'any') for (const id of ids) this.#nodes.add(id)
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      const gathered = this.#nodes
      this.#nodes = new Set()
      this.#publish('node', gathered === 'any' ? [] : [...gathered])
    }, nodePauseMs)
  }

  #publish(topic: Topic, ids: readonly string[]): void {
    const reported = ids.length > mostIds ? [] : ids
    this.#keep(topic, reported)
    for (const listener of this.#listeners) listener({ topic, ids: reported })
  }

  #keep(topic: Topic, changed: readonly string[]): void {
    const number = ++this.#number
    const entry = this.#kept.get(topic) ?? { ids: new Map(), anyAt: 0 }
    this.#kept.set(topic, entry)
    const { ids } = entry
    if (changed.length === 0) {
      entry.anyAt = number
      ids.clear()
    }
    for (const id of changed) {
      ids.delete(id)
      ids.set(id, number)
    }
    for (const [id, at] of ids) {
      if (ids.size <= keptIds) break
      ids.delete(id)
      entry.anyAt = at
    }
  }
}
