/** Serves handlers of Request and Response from Node's HTTP servers, as the routes of the web server do. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'

type Handler = (request: Request) => Promise<Response>

/** `handlerOf` returns the handler of a path. */
export const answering =
  (handlerOf: (pathname: string) => Handler) =>
  async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const url = new URL(incoming.url ?? '/', 'http://localhost')
    const gone = new AbortController()
    outgoing.once('close', () => gone.abort())
    const hasBody = incoming.method !== 'GET' && incoming.method !== 'DELETE'
    const request = new Request(url, {
      method: incoming.method ?? 'GET',
      headers: Object.entries(incoming.headers).flatMap(([name, value]) =>
        value === undefined ? [] : [[name, String(value)] as [string, string]],
      ),
      signal: gone.signal,
      ...(hasBody && { body: Readable.toWeb(incoming) as ReadableStream, duplex: 'half' }),
    } as RequestInit)
    const response = await handlerOf(url.pathname)(request)
    outgoing.writeHead(response.status, Object.fromEntries(response.headers))
    if (response.body) for await (const chunk of response.body) outgoing.write(chunk)
    outgoing.end()
  }
