import { fetchRequestHandler } from '@trpc/server/adapters/fetch'
import type { Services } from './context'
import { contextOfRequest } from './request-context'
import { appRouter } from './root'

/** A fleet program reports for thousands of nodes in one call; pages send little. */
const trpcBodyLimit = 16 * 1024 * 1024

export async function handleTrpc(services: Services, request: Request): Promise<Response> {
  if (request.method === 'POST') {
    // The server itself holds a body to its announced length, so one that announces none is not read at all.
    const length = request.headers.get('content-length')
    if (length === null) return new Response('Say how long the body is (Content-Length)', { status: 411 })
    if (Number(length) > trpcBodyLimit) return new Response('Too large', { status: 413 })
  }
  const { pathname } = new URL(request.url)
  const forAgent = pathname.slice(pathname.lastIndexOf('/') + 1).startsWith('agent.')
  return fetchRequestHandler({
    endpoint: '/api/trpc',
    req: request,
    router: appRouter,
    createContext: ({ resHeaders }) => contextOfRequest(services, request, { resHeaders, forAgent }),
  })
}
