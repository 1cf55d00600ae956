/** The Docker Engine API over a unix socket, with nothing but node:http. */
import { Agent, type IncomingMessage, request } from 'node:http'
import { EngineError } from '@/agent/engines/engine'
import { beginningOf } from '@/core/contract/text'

interface Call {
  method?: 'GET' | 'POST' | 'DELETE'
  /** Without the version prefix, such as /containers/json. */
  path: string
  query?: Record<string, string | number | boolean>
  body?: unknown
  /** Limits the whole answer of `call`, and the wait for headers of `open`. */
  timeoutMs?: number
  signal?: AbortSignal
}

interface Answer {
  status: number
  body: Buffer
}

const defaultTimeoutMs = 10_000
/** The newest API version of this client. Engines that require a newer one get the oldest that they support. */
const spokenVersion = [1, 41] as const

export class DockerHttp {
  private version: Promise<string> | null = null
  // A kept connection would break when the engine restarts, and a new socket connection costs nothing.
  private readonly agent = new Agent({ keepAlive: false })

  constructor(readonly socketPath: string) {}

  /** Returns the whole answer; throws an EngineError with the engine's message when the status is not in `accepted`. */
  async call(call: Call, accepted: readonly number[] = [200, 201, 204]): Promise<Answer> {
    const timeoutMs = call.timeoutMs ?? defaultTimeoutMs
    const deadline = new Deadline(timeoutMs, call.signal)
    try {
      const response = await this.send(await this.versioned(call), deadline)
      const body = await readAll(response)
      const status = response.statusCode ?? 0
      if (!accepted.includes(status)) throw new EngineError('refused', refusalMessage(status, body), status)
      return { status, body }
    } catch (error) {
      throw this.explain(error, call, timeoutMs, deadline)
    } finally {
      deadline.clear()
    }
  }

  async json(call: Call): Promise<unknown> {
    const { body } = await this.call(call, [200, 201])
    return JSON.parse(body.toString('utf8'))
  }

  /** Returns the answer's stream once its headers arrived. The reader must destroy the stream or abort the signal. */
  async open(call: Call): Promise<IncomingMessage> {
    const timeoutMs = call.timeoutMs ?? defaultTimeoutMs
    const deadline = new Deadline(timeoutMs, call.signal)
    try {
      const response = await this.send(await this.versioned(call), deadline)
      const status = response.statusCode ?? 0
      if (status === 200) return response
      throw new EngineError('refused', refusalMessage(status, await readAll(response)), status)
    } catch (error) {
      throw this.explain(error, call, timeoutMs, deadline)
    } finally {
      deadline.stopTimer()
    }
  }

  private async versioned(call: Call): Promise<Call> {
    this.version ??= this.negotiate()
    try {
      return { ...call, path: `/v${await this.version}${call.path}` }
    } catch (error) {
      this.version = null
      throw error
    }
  }

  private async negotiate(): Promise<string> {
    const deadline = new Deadline(defaultTimeoutMs)
    try {
      const response = await this.send({ path: '/version' }, deadline)
      const facts: unknown = JSON.parse((await readAll(response)).toString('utf8'))
      const least = isRecord(facts) && typeof facts.MinAPIVersion === 'string' ? facts.MinAPIVersion : '0.0'
      const [major = 0, minor = 0] = least.split('.').map(Number)
      const newer = major > spokenVersion[0] || (major === spokenVersion[0] && minor > spokenVersion[1])
      return newer ? least : spokenVersion.join('.')
    } catch (error) {
      throw this.explain(error, { path: '/version' }, defaultTimeoutMs, deadline)
    } finally {
      deadline.clear()
    }
  }

  private send(call: Call, deadline: Deadline): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      deadline.signal.throwIfAborted()
      const raw = call.body instanceof Uint8Array
      const body = call.body === undefined ? null : raw ? (call.body as Uint8Array) : JSON.stringify(call.body)
      const outgoing = request({
        socketPath: this.socketPath,
        agent: this.agent,
        method: call.method ?? 'GET',
        path: call.path + queryOf(call.query),
        signal: deadline.signal,
        // An empty POST sends its length, too: without it Podman waits for a body that never comes.
        headers: {
          host: 'engine',
          'content-length': body === null ? 0 : Buffer.byteLength(body),
          ...(body === null ? {} : { 'content-type': raw ? 'application/x-tar' : 'application/json' }),
        },
      })
      outgoing.once('response', resolve)
      outgoing.once('error', reject)
      outgoing.end(body ?? undefined)
    })
  }

  private explain(error: unknown, call: Call, timeoutMs: number, deadline: Deadline): unknown {
    if (error instanceof EngineError) return error
    // The caller aborted: its reason says more than a broken connection.
    if (call.signal?.aborted) return call.signal.reason
    if (deadline.expired) {
      const seconds = Math.round(timeoutMs / 1000)
      return new EngineError('unreachable', `the engine did not answer ${call.path} within ${seconds} s`)
    }
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    const where = this.socketPath
    if (code === 'ENOENT') return new EngineError('unreachable', `no container engine listens at ${where}`)
    if (code === 'ECONNREFUSED') return new EngineError('unreachable', `the engine at ${where} is not running`)
    if (code === 'EACCES') return new EngineError('unreachable', `no permission to use ${where}`)
    const text = error instanceof Error ? error.message : String(error)
    return new EngineError('unreachable', `the connection to the engine at ${where} broke: ${text}`)
  }
}

/** Combines a call's time-out and the caller's signal into one abort signal. */
class Deadline {
  expired = false
  private readonly controller = new AbortController()
  private readonly timer: NodeJS.Timeout
  private readonly abort = () => this.controller.abort()

  constructor(
    ms: number,
    private readonly outer?: AbortSignal,
  ) {
    this.timer = setTimeout(() => {
      this.expired = true
      this.controller.abort()
    }, ms)
    if (outer?.aborted) this.controller.abort()
    outer?.addEventListener('abort', this.abort, { once: true })
  }

  get signal(): AbortSignal {
    return this.controller.signal
  }

  /** Ends the time-out of a stream; the caller's signal still ends it. */
  stopTimer(): void {
    clearTimeout(this.timer)
  }

  clear(): void {
    clearTimeout(this.timer)
    this.outer?.removeEventListener('abort', this.abort)
  }
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const queryOf = (query: Call['query']): string => {
  if (!query) return ''
  const text = new URLSearchParams(Object.entries(query).map(([key, value]) => [key, String(value)])).toString()
  return text ? `?${text}` : ''
}

const readAll = async (stream: AsyncIterable<Buffer>): Promise<Buffer> => {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}

const refusalMessage = (status: number, body: Buffer): string => {
  const text = body.toString('utf8').trim()
  try {
    const parsed: unknown = JSON.parse(text)
    if (isRecord(parsed) && typeof parsed.message === 'string') return parsed.message.trim()
  } catch {
    // Not JSON, so a proxy's answer or plain text from the engine.
  }
  return beginningOf(text, 500) || `the engine answered with status ${status}`
}
