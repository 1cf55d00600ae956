import { z } from 'zod'
import { Failure } from '@/core/contract/failure'
import { accessTokenSeconds, issueAccessToken, loginFields, signIn } from '@/server/api/context/auth'
import type { Services } from '@/server/api/context/context'
import { refusal, zodProblems } from '@/server/api/context/trpc'
import { databaseProblem } from '@/server/db/errors'
import { readJsonObject } from './body'
import { problemOf, problemResponse } from './problem'
import { addressOf } from './request-context'

export const loginAnswer = z.object({
  access_token: z.string(),
  token_type: z.literal('bearer'),
  expires_in: z.number().describe('seconds'),
})

/** POST /api/auth/login: returns a bearer token for programs. */
export async function handleLogin(services: Services, request: Request): Promise<Response> {
  const read = await readJsonObject(request)
  if ('problem' in read) return problemResponse(read.problem)
  const parsed = loginFields.safeParse(read.body)
  if (!parsed.success) {
    return problemResponse({
      status: 422,
      detail: 'Send {"username": …, "password": …}',
      errors: zodProblems(parsed.error),
    })
  }
  try {
    const signedIn = await signIn(services, parsed.data, {
      kind: 'program',
      address: addressOf(request),
      userAgent: request.headers.get('user-agent'),
    })
    const answer: z.infer<typeof loginAnswer> = {
      access_token: await issueAccessToken(services, signedIn),
      token_type: 'bearer',
      expires_in: accessTokenSeconds,
    }
    return Response.json(answer, { headers: { 'cache-control': 'no-store' } })
  } catch (error) {
    if (error instanceof Failure) return problemResponse(problemOf(refusal(error)))
    const databaseFault = databaseProblem(error)
    if (databaseFault !== null) return problemResponse({ status: 503, detail: databaseFault })
    services.log.error({ err: error }, 'Sign-in failed')
    return problemResponse({
      status: 500,
      detail: 'The server could not sign you in because of a fault of its own; its log says more',
    })
  }
}
