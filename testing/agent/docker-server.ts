/**
 * A fake engine behind a real unix socket, for behaviour that is rare on real ones: it stalls, hangs, disconnects or
 * answers oddly.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export type Handler = (request: IncomingMessage, response: ServerResponse) => void

export const startFakeEngine = async (handle: Handler, version = { ApiVersion: '1.41', MinAPIVersion: '1.12' }) => {
  const folder = mkdtempSync(join(tmpdir(), 'fogdeck-fake-'))
  const socket = join(folder, 'docker.sock')
  const requests: string[] = []
  const server = createServer((request, response) => {
    if (request.url === '/version') return void response.end(JSON.stringify(version))
    requests.push(`${request.method} ${request.url}`)
    handle(request, response)
  })
  await new Promise<void>((resolve) => server.listen(socket, resolve))
  return {
    socket,
    requests,
    stop: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Answers with lines of JSON, each in its own chunk, and then ends the answer unless `end` is false. */
export const answerLines = (response: ServerResponse, lines: object[], { end = true } = {}): void => {
  response.writeHead(200, { 'content-type': 'application/json' })
  for (const line of lines) response.write(`${JSON.stringify(line)}\n`)
  if (end) response.end()
}

export const answerJson = (response: ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}
