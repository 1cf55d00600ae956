/** A real HTTP server that receives notifications. */
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http'

interface Call {
  path: string
  headers: IncomingHttpHeaders
  body: string
}

interface Answer {
  status: number
  body?: string
  headers?: Record<string, string>
}

const ok: Answer = { status: 200, body: 'ok' }

export class Receiver {
  /** Calls in the order of arrival. */
  readonly calls: Call[] = []
  /** Number of calls without an answer. */
  hanging = 0
  /** The answer to a call; null keeps the caller waiting. */
  answer: (call: Call) => Answer | null = () => ok
  readonly #server: Server

  private constructor(server: Server) {
    this.#server = server
  }

  static async start(): Promise<Receiver> {
    const server = createServer()
    const receiver = new Receiver(server)
    server.on('request', async (request, response: ServerResponse) => {
      let body = ''
      for await (const chunk of request.setEncoding('utf8')) body += chunk
      const call = { path: request.url ?? '', headers: request.headers, body }
      receiver.calls.push(call)
      const answer = receiver.answer(call)
      if (answer) response.writeHead(answer.status, answer.headers).end(answer.body ?? '')
      else receiver.#keepWaiting(response)
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    return receiver
  }

  #keepWaiting(response: ServerResponse): void {
    this.hanging++
    response.once('close', () => {
      this.hanging--
    })
  }

  url(path = '/hooks/a-secret-path'): string {
    const address = this.#server.address()
    if (typeof address !== 'object' || address === null) throw new Error('It does not listen')
    return `http://127.0.0.1:${address.port}${path}`
  }

  /** The parsed bodies of the calls. */
  get messages(): Message[] {
    return this.calls.map(({ body }) => JSON.parse(body) as Message)
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    if (this.#server.listening) await new Promise((resolve) => this.#server.close(resolve))
  }
}

/** The fields of webhook and Slack-compatible messages that tests read. */
interface Message {
  delivery_id: string
  type: string
  text: string
  events: { id: string; kind: string; text: string; detail: string; url: string; subject: { name: string } }[]
  more: number
}
