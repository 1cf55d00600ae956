/**
 * Handles each request before pages and the API: verifies the sender, refuses what needs no further inspection, and
 * sets headers.
 */
import { randomBytes } from 'node:crypto'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { AddressList } from '@/server/lib/addresses'
import { localMark, nonceHeader } from '@/server/lib/inside-headers'
import { type Problem, problemDocument, problemHeaders } from '@/server/lib/problem-document'
import { pathOf, refusalOf } from './refusals'
import { pagePolicy, responseHeaders } from './response-headers'
import { forwardingHeaders, type Sender, senderOf } from './sender'

interface GatewayOptions {
  trustedProxies: readonly string[]
  publicUrl: string | null
  /** Answers requests that were accepted. */
  inner: (request: IncomingMessage, response: ServerResponse) => Promise<void>
  onFault: (error: unknown) => void
}

export function gatewayHandler({ trustedProxies, publicUrl, inner, onFault }: GatewayOptions): RequestListener {
  const trusted = new AddressList(trustedProxies)
  const isSecure = publicUrl?.startsWith('https:') ?? false
  return (request, response) => {
    const nonce = randomBytes(16).toString('base64')
    const path = pathOf(request.url ?? '') ?? '/'
    for (const [name, value] of Object.entries(responseHeaders({ path, nonce, isSecure })))
      response.setHeader(name, value)
    const sender = senderOf(request.headers, request.socket.remoteAddress, trusted)
    const refusal = sender.host === null ? noHost : refusalOf(request)
    if (refusal !== null) return answer(response, refusal)
    introduce(request, sender, nonce)
    inner(request, response).catch((error: unknown) => {
      onFault(error)
      if (!response.headersSent) answer(response, fault)
      else response.destroy()
    })
  }
}

const noHost: Problem = { status: 400, detail: 'The Host header is missing or not well-formed' }
const fault: Problem = {
  status: 500,
  detail: 'The server could not do this because of a fault of its own; its log says more',
}

/** Sets the headers that describe the sender, and removes what the client sent under these names. */
function introduce({ headers }: IncomingMessage, { address, protocol, host, isLocal }: Sender, nonce: string): void {
  for (const name of [...forwardingHeaders, localMark, nonceHeader]) delete headers[name]
  if (address !== null) headers['x-forwarded-for'] = address
  headers['x-forwarded-proto'] = protocol
  if (host !== null) {
    headers.host = host
    headers['x-forwarded-host'] = host
  }
  if (isLocal) headers[localMark] = '1'
  headers[nonceHeader] = nonce
  // The page renderer takes the nonce for its own scripts from this header.
  headers['content-security-policy'] = pagePolicy(nonce)
  delete headers['content-security-policy-report-only']
}

function answer(response: ServerResponse, problem: Problem): void {
  response.setHeader('Cache-Control', 'no-store')
  response.writeHead(problem.status, problemHeaders(problem)).end(problemDocument(problem))
}
