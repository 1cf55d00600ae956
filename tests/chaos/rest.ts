/** The REST API as a patient client uses it: a call without an answer is repeated unchanged. */
import { setTimeout as sleep } from 'node:timers/promises'

export interface RestAnswer {
  status: number
  body: unknown
}

interface RestOptions {
  url: string
  username: string
  password: string
  /** Called with each token, so that it can be searched for where it must not be. */
  onToken: (token: string) => void
  /** Called with every answer to a call with a valid token. */
  onGoodToken: (answer: RestAnswer) => void
}

const callTimeoutMs = 10_000
const pauseMs = { min: 150, max: 900 }

export class Rest {
  private token: string | null = null
  /** Calls without a definite answer, by what came instead. */
  readonly unanswered: Record<string, number> = {}
  /** Definite answers by status. */
  readonly answers: Record<string, number> = {}

  constructor(private readonly options: RestOptions) {}

  /**
   * Repeats the call until there is a definite answer, which is any status but 5xx, 401 and 429. Returns null when
   * `signal` aborts first. `random` spreads the pauses.
   */
  async ask(
    path: string,
    {
      method = 'GET',
      body,
      key,
      random,
      signal,
    }: {
      method?: 'GET' | 'POST' | 'DELETE'
      body?: unknown
      key?: string
      random: () => number
      signal: AbortSignal
    },
  ): Promise<RestAnswer | null> {
    while (!signal.aborted) {
      const answer = await this.once(path, { method, body, ...(key === undefined ? {} : { key }) })
      if (answer) return answer
      await sleep(pauseMs.min + random() * (pauseMs.max - pauseMs.min))
    }
    return null
  }

  /** Makes a call whose content does not matter. True when there was any answer. */
  async knock(path: string, init: RequestInit = {}): Promise<boolean> {
    const headers = { ...init.headers, ...(this.token === null ? {} : { authorization: `Bearer ${this.token}` }) }
    const call = { ...init, headers, signal: AbortSignal.timeout(callTimeoutMs) }
    return fetch(`${this.options.url}${path}`, call).then(
      (answer) => answer.arrayBuffer().then(() => true),
      () => false,
    )
  }

  private async once(
    path: string,
    { method, body, key }: { method: string; body: unknown; key?: string },
  ): Promise<RestAnswer | null> {
    const token = this.token ?? (await this.signIn())
    if (token === null) return null
    const headers: Record<string, string> = { authorization: `Bearer ${token}` }
    if (body !== undefined) headers['content-type'] = 'application/json'
    if (key !== undefined) headers['idempotency-key'] = key
    const answer = await this.fetch(path, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    if (!answer) return null
    this.options.onGoodToken(answer)
    if (answer.status >= 500 || answer.status === 401 || answer.status === 429) {
      this.count(this.unanswered, String(answer.status))
      return null
    }
    this.count(this.answers, String(answer.status))
    return answer
  }

  private async signIn(): Promise<string | null> {
    const { username, password } = this.options
    const init = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username, password }),
    }
    const answer = await this.fetch('/api/auth/login', init)
    if (answer?.status !== 200) return null
    const { access_token: token } = answer.body as { access_token: string }
    this.token = token
    this.options.onToken(token)
    return token
  }

  private async fetch(path: string, init: RequestInit): Promise<RestAnswer | null> {
    try {
      const response = await fetch(`${this.options.url}${path}`, {
        ...init,
        signal: AbortSignal.timeout(callTimeoutMs),
      })
      return { status: response.status, body: await response.json() }
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
      const code = cause instanceof Error && 'code' in cause ? String(cause.code) : (cause as Error).name
      this.count(this.unanswered, code)
      return null
    }
  }

  private count(counts: Record<string, number>, what: string): void {
    counts[what] = (counts[what] ?? 0) + 1
  }
}
