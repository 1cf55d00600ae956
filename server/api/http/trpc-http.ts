import { fetchRequestHandler } from '@trpc/server/adapters/fetch'
import { batchLimit } from '@/core/contract/batch-limit'
import { Failure } from '@/core/contract/failure'
import type { Services } from '@/server/api/context/context'
import { refusal } from '@/server/api/context/trpc'
import { appRouter } from '@/server/api/root'
import { agentBodyLimit, trpcBodyLimit } from '@/server/lib/body-limits'
import { requireKnownAgent } from '@/server/store/agents/heartbeats'
import { type Problem, problemResponse } from './problem'
import { contextOfRequest } from './request-context'

/** A larger body of an agent is read only after the agent was identified. */
const strangerBodyLimit = 64 * 1024

export async function handleTrpc(services: Services, request: Request): Promise<Response> {
  const { pathname, searchParams } = new URL(request.url)
  const paths = pathname.slice(pathname.lastIndexOf('/') + 1).split(',')
  const forAgent = paths[0]?.startsWith('agent.') ?? false
  const problem = refusedUnread(request, { calls: searchParams.has('batch') ? paths.length : 1, forAgent })
  if (problem !== null) return problemResponse(problem)
  return fetchRequestHandler({
    endpoint: '/api/trpc',
    req: request,
    router: appRouter,
    createContext: async ({ resHeaders }) => {
      if (forAgent && lengthOf(request) > strangerBodyLimit) await requireAgent(services, request)
      return contextOfRequest(services, request, { resHeaders, forAgent })
    },
  })
}

const lengthOf = (request: Request): number => Number(request.headers.get('content-length') ?? 0)

function refusedUnread(request: Request, { calls, forAgent }: { calls: number; forAgent: boolean }): Problem | null {
  // An agent sends no batches: a heartbeat must not wait for the answer to a long report.
  const most = forAgent ? 1 : batchLimit
  if (calls > most) return { status: 400, detail: `A batch holds ${most} calls at most, not ${calls}: send several` }
  if (request.method !== 'POST') return null
  // The server enforces the announced length, so a body without one is not read at all.
  if (!request.headers.has('content-length'))
    return { status: 411, detail: 'Say how long the body is (Content-Length)' }
  const limit = forAgent ? agentBodyLimit : trpcBodyLimit
  return lengthOf(request) > limit ? { status: 413, detail: `The body has more than ${limit / 1024} kB` } : null
}

async function requireAgent({ store }: Services, { headers }: Request): Promise<void> {
  const credential = /^Bearer\s+(\S+)$/i.exec(headers.get('authorization') ?? '')?.[1] ?? null
  try {
    await requireKnownAgent(store, { credential, joinToken: headers.get('x-fogdeck-join-token') })
  } catch (error) {
    throw error instanceof Failure ? refusal(error) : error
  }
}
