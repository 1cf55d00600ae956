import { TRPCError } from '@trpc/server'
import { createOpenApiFetchHandler } from 'trpc-to-openapi'
import type { FieldProblem } from '@/core/contract/failure'
import type { Context, Services } from '@/server/api/context/context'
import { readJsonObject } from './body'
import { type Problem, problemOf, problemResponse } from './problem'
import { contextOfRequest } from './request-context'
import { isAccepted, restRouter } from './rest-schemas'
import { unknownFields } from './unknown-fields'

/** An unauthenticated caller gets that error first, whatever is wrong with the body. */
async function refusedBody(services: Services, request: Request, problem: Problem): Promise<Problem> {
  try {
    const context = await contextOfRequest(services, request, { resHeaders: new Headers() })
    return context.actor ? problem : { status: 401, detail: context.refusal ?? 'Sign in first' }
  } catch (error) {
    if (error instanceof TRPCError) return problemOf(error)
    throw error
  }
}

/** Refuses parameter names that every object inherits, which would confuse the library's parsing of the query. */
const inheritedName = (request: Request): string | undefined =>
  [...new URL(request.url).searchParams.keys()].find((name) => name in Object.prototype)

const unknownProblem = (errors: FieldProblem[]): Problem => ({
  status: 422,
  detail: errors.map(({ path, message }) => `${path}: ${message}`).join('; '),
  errors,
})

const router = restRouter()

/** Serves the procedures over REST: the library routes and calls them, and errors are answered as problems. */
export async function handleRest(services: Services, request: Request): Promise<Response> {
  let call = request
  if (request.method === 'POST' || request.method === 'PUT' || request.method === 'PATCH') {
    const read = await readJsonObject(request)
    if ('problem' in read) return problemResponse(await refusedBody(services, request, read.problem))
    const errors = unknownFields(new URL(request.url).pathname, read.body)
    if (errors.length > 0) return problemResponse(await refusedBody(services, request, unknownProblem(errors)))
    const headers = new Headers(request.headers)
    headers.set('content-type', 'application/json')
    call = new Request(request.url, { method: request.method, headers, body: read.text })
  }
  const inherited = inheritedName(request)
  if (inherited !== undefined) {
    const message = `There is no parameter ${inherited}`
    const problem = { status: 422, detail: message, errors: [{ path: inherited, message }] }
    return problemResponse(await refusedBody(services, request, problem))
  }
  let failure: TRPCError | undefined
  const resHeaders = new Headers()
  const response = await createOpenApiFetchHandler({
    req: call,
    endpoint: '/api',
    router,
    createContext: (): Promise<Context> => contextOfRequest(services, request, { resHeaders }),
    onError: ({ error }) => {
      failure = error
    },
    responseMeta: ({ paths, errors }) => (errors.length === 0 && paths?.some(isAccepted) ? { status: 202 } : {}),
  })
  if (failure) return problemResponse(problemOf(failure))
  const headers = new Headers(response.headers)
  for (const [name, value] of resHeaders) headers.set(name, value)
  headers.set('cache-control', 'no-store')
  return new Response(response.body, { status: response.status, headers })
}
