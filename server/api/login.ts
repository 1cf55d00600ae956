import { z } from 'zod'
import { Failure } from '../domain/failure'
import { databaseTrouble } from '../store/trouble'
import { issueAccessToken, sessionSeconds, signIn } from './auth'
import { readJsonObject } from './body'
import type { Services } from './context'
import { problemResponse } from './problem'
import { zodProblems } from './trpc'

export const loginSchema = z.object({
  username: z.string({ error: 'The user name must be text' }).min(1, 'Give the user name').max(200),
  password: z.string({ error: 'The password must be text' }).min(1, 'Give the password').max(1000),
})

export const loginAnswer = z.object({
  access_token: z.string(),
  token_type: z.literal('bearer'),
  expires_in: z.number().describe('seconds'),
})

/** POST /api/auth/login: a bearer token for programs. */
export async function handleLogin(services: Services, request: Request): Promise<Response> {
  const read = await readJsonObject(request)
  if ('problem' in read) return problemResponse(read.problem)
  const parsed = loginSchema.safeParse(read.body)
  if (!parsed.success) {
    return problemResponse({
      status: 422,
      detail: 'Send {"username": …, "password": …}',
      errors: zodProblems(parsed.error),
    })
  }
  try {
    const account = await signIn(services, parsed.data.username, parsed.data.password)
    const answer: z.infer<typeof loginAnswer> = {
      access_token: await issueAccessToken(services, account),
      token_type: 'bearer',
      expires_in: sessionSeconds,
    }
    return Response.json(answer, { headers: { 'cache-control': 'no-store' } })
  } catch (error) {
    if (error instanceof Failure)
      return problemResponse({
        status: error.code === 'too-many' ? 429 : 401,
        detail: error.message,
        ...(error.retryAfterSeconds === undefined
          ? {}
          : { headers: { 'retry-after': String(error.retryAfterSeconds) } }),
      })
    const trouble = databaseTrouble(error)
    if (trouble !== null) return problemResponse({ status: 503, detail: trouble })
    services.log.error({ err: error }, 'Sign-in failed')
    return problemResponse({
      status: 500,
      detail: 'The server could not sign you in because of a fault of its own; its log says more',
    })
  }
}
