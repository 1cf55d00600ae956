/**
 * An EventSource based on fetch, for tRPC's subscription link. Node.js has none, and the usual implementation can
 * neither send a credential nor show why the server refused. It reconnects by itself until it is closed or refused for
 * good.
 */

import { messageOf } from '@/agent/lib/log'
import { backoffMs } from '@/core/lib/backoff'
import { type ServerSentEvent, sseParser } from './sse'

interface EventSourceInit {
  withCredentials?: boolean
  headers?: Record<string, string>
}

type Listener = (event: Event) => void

/** Time-out for the response headers. */
const connectTimeoutMs = 15_000
const pause = { firstMs: 500, maxMs: 15_000 }

export class FetchEventSource {
  readonly CONNECTING = 0
  readonly OPEN = 1
  readonly CLOSED = 2
  readyState = 0
  private readonly listeners = new Map<string, Set<Listener>>()
  private readonly closed = new AbortController()
  private retry: NodeJS.Timeout | null = null
  private failures = 0
  private lastEventId = ''

  constructor(
    private readonly url: string,
    private readonly init: EventSourceInit = {},
  ) {
    void this.connect()
  }

  addEventListener(type: string, listener: Listener): void {
    const all = this.listeners.get(type) ?? new Set()
    this.listeners.set(type, all.add(listener))
  }

  removeEventListener(type: string, listener: Listener): void {
    this.listeners.get(type)?.delete(listener)
  }

  close(): void {
    this.readyState = this.CLOSED
    if (this.retry) clearTimeout(this.retry)
    this.closed.abort()
  }

  private async connect(): Promise<void> {
    const connecting = new AbortController()
    const timer = setTimeout(() => connecting.abort(new Error('the server did not answer')), connectTimeoutMs)
    try {
      const response = await fetch(this.url, {
        headers: {
          accept: 'text/event-stream',
          ...this.init.headers,
          ...(this.lastEventId ? { 'last-event-id': this.lastEventId } : {}),
        },
        signal: AbortSignal.any([connecting.signal, this.closed.signal]),
      })
      clearTimeout(timer)
      if (!this.accepts(response)) {
        await response.body?.cancel()
        return
      }
      this.readyState = this.OPEN
      this.failures = 0
      const push = sseParser((event) => this.hand(event))
      for await (const chunk of response.body ?? []) push(chunk)
      this.reconnect('the stream ended')
    } catch (error) {
      this.reconnect(messageOf(error))
    } finally {
      clearTimeout(timer)
    }
  }

  /**
   * Whether the response is an event stream. Otherwise it was handled: a server error is retried, and a refusal is
   * final.
   */
  private accepts(response: Response): boolean {
    const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') ?? false
    if (response.ok && isStream) return true
    const text = `the server answered with status ${response.status}`
    if (response.status >= 500 || response.status === 429) this.reconnect(text)
    else {
      this.close()
      this.dispatch(new ErrorEvent(text))
    }
    return false
  }

  private reconnect(text: string): void {
    if (this.readyState === this.CLOSED) return
    this.readyState = this.CONNECTING
    this.failures += 1
    this.retry = setTimeout(() => void this.connect(), backoffMs(this.failures, pause, Math.random()))
    this.dispatch(new ErrorEvent(text))
  }

  private hand({ event, data, id }: ServerSentEvent): void {
    if (this.readyState === this.CLOSED) return
    if (id) this.lastEventId = id
    this.dispatch(new MessageEvent(event, { data, lastEventId: id }))
  }

  private dispatch(event: Event): void {
    for (const listener of this.listeners.get(event.type) ?? []) listener(event)
  }
}

/** Node 20 has no global ErrorEvent. */
class ErrorEvent extends Event {
  constructor(readonly message: string) {
    super('error')
  }
}
