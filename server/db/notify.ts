import { EventEmitter } from 'node:events'
import pg from 'pg'
import type { Tx } from './client'

/**
 * What changed, told to every process by PostgreSQL at commit. `wanted` is what nodes should run, `log` that replicas
 * wrote something, `log-subscription` of which nodes somebody reads logs, and `speaker` for which nodes another agent speaks. `session`
 * names the users whose sessions changed.
 */
export interface Change {
  topic:
    | 'deployment'
    | 'node'
    | 'user'
    | 'session'
    | 'token'
    | 'setting'
    | 'scheduler'
    | 'evaluation'
    | 'wanted'
    | 'log'
    | 'log-subscription'
    | 'speaker'
  /** UUIDs; empty means any. */
  ids: readonly string[]
}

const channel = 'fogdeck'
/** A notification carries at most 8,000 bytes: 180 ids of 36 characters and their quotes fit. */
const idsPerMessage = 180

/** The SQL, with one parameter, that announces `changes` at commit; for statements of one round trip. */
export const changePayloads = (changes: readonly Change[]): string[] =>
  changes.flatMap(({ topic, ids }) => {
    const unique = [...new Set(ids)]
    if (unique.length === 0) return [JSON.stringify({ topic, ids: [] })]
    return Array.from({ length: Math.ceil(unique.length / idsPerMessage) }, (_, i) =>
      JSON.stringify({ topic, ids: unique.slice(i * idsPerMessage, (i + 1) * idsPerMessage) }),
    )
  })

export async function announce(tx: Pick<Tx, 'query'>, changes: readonly Change[]): Promise<void> {
  if (changes.length === 0) return
  await tx.query({
    name: 'announce',
    text: `select pg_notify('${channel}', payload) from unnest($1::text[]) payload`,
    values: [changePayloads(changes)],
  })
}

export interface ChangeStream {
  /** Calls back for each change, and with `{topic, ids: []}` for every topic when changes may have been missed. */
  subscribe(listener: (change: Change) => void): () => void
  /** Whether notifications arrive at present. */
  connected(): boolean
  close(): Promise<void>
}

const topics: Change['topic'][] = [
  'deployment',
  'node',
  'user',
  'session',
  'token',
  'setting',
  'scheduler',
  'evaluation',
  'wanted',
  'log',
  'log-subscription',
  'speaker',
]

/** One LISTEN connection per process, which reconnects by itself. */
export function openChangeStream(databaseUrl: string, onError: (error: Error) => void): ChangeStream {
  const emitter = new EventEmitter()
  emitter.setMaxListeners(0)
  let client: pg.Client | null = null
  let closed = false
  let up = false
  let timer: NodeJS.Timeout | undefined
  let hadConnection = false

  const retry = () => {
    up = false
    if (closed || timer) return
    timer = setTimeout(() => {
      timer = undefined
      void connect()
    }, 500)
  }
  const connect = async () => {
    const next = new pg.Client({
      connectionString: databaseUrl,
      application_name: 'fogdeck-changes',
      connectionTimeoutMillis: 5_000,
      keepAlive: true,
    })
    client = next
    // `on`, not `once`: a second error of a dying connection must not end the process.
    next.on('error', (error) => {
      onError(error)
      if (client === next) retry()
    })
    next.on('end', () => {
      if (client === next) retry()
    })
    next.on('notification', ({ payload }) => {
      if (payload) emitter.emit('change', JSON.parse(payload) as Change)
    })
    try {
      await next.connect()
      await next.query(`listen ${channel}`)
      up = true
      if (hadConnection) for (const topic of topics) emitter.emit('change', { topic, ids: [] } satisfies Change)
      hadConnection = true
    } catch (error) {
      onError(error as Error)
      next.end().catch(() => undefined)
      retry()
    }
  }
  void connect()

  return {
    subscribe(listener) {
      emitter.on('change', listener)
      return () => emitter.off('change', listener)
    },
    connected: () => up,
    async close() {
      closed = true
      clearTimeout(timer)
      await client?.end().catch(() => undefined)
    },
  }
}
