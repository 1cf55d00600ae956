import NextAuth, { type NextAuthOptions } from 'next-auth'
import Credentials from 'next-auth/providers/credentials'
import { sessionLimits } from '@/core/accounts/sessions'
import { Failure } from '@/core/contract/failure'
import { accountDisabled, loginFields, signIn } from '@/server/api/context/auth'
import type { Services } from '@/server/api/context/context'
import { refusal } from '@/server/api/context/trpc'
import { databaseProblem } from '@/server/db/errors'
import { authBodyLimit } from '@/server/lib/body-limits'
import { type Client, endSession } from '@/server/store/accounts/sessions'
import { findAccount } from '@/server/store/accounts/users'
import { readText } from './body'
import { cookiesOf } from './cookies'
import { type Problem, problemOf, problemResponse } from './problem'
import { accountOfCookie, addressOf } from './request-context'

declare module 'next-auth/jwt' {
  interface JWT {
    /** sessions.id: everything that matters is in that row. */
    sid?: string
  }
}

/** The calls of the library that pages use, by their paths after /api/auth/. All other calls are blocked. */
const calls = {
  GET: ['csrf', 'signin', 'signout', 'error'],
  POST: ['callback/credentials', 'signout'],
} as const

/** The form fields of a call: name and password, and the library's CSRF token. */
const bodyFields = ['csrfToken', 'json', 'username', 'password'] as const

/**
 * Cookies that are passed to the library. Its callback-url cookie is not: it is unused here, and its content can't be
 * trusted.
 */
const ownCookie = /^(?:__Secure-|__Host-)?next-auth\.(?:csrf-token|session-token)/

/** Handles /api/auth/…, the sessions of pages. */
export async function handleNextAuth(services: Services, request: Request): Promise<Response> {
  const path = new URL(request.url).pathname.replace(/^\/api\/auth\//, '')
  if (request.method === 'GET' && path === 'session') return sessionOf(services, request)
  const known: readonly string[] = calls[request.method as keyof typeof calls] ?? []
  if (!known.includes(path))
    return problemResponse({ status: 404, detail: `There is no ${request.method} /api/auth/${path}` })
  const text = request.method === 'POST' ? await readText(request, authBodyLimit) : ''
  if (text === null)
    return problemResponse({ status: 413, detail: `The body has more than ${authBodyLimit / 1024} kB` })
  const asked: Asked = {
    client: { address: addressOf(request), userAgent: request.headers.get('user-agent') },
    problem: null,
  }
  const response = await callNextAuth(authOptions(services, asked), request, {
    path,
    body: fieldsOfForm(text),
  })
  if (asked.problem === null) return response
  // The library answers every error with 401, and a failed sign-out must not look like a successful one.
  const { status, headers = {} } = asked.problem
  return new Response(response.body, {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers },
  })
}

/** Keeps only the known form fields. */
function fieldsOfForm(text: string): Record<string, string> {
  const form = new URLSearchParams(text)
  return Object.fromEntries(bodyFields.flatMap((name) => (form.has(name) ? [[name, form.get(name) ?? '']] : [])))
}

/** Returns the signed-in user. This call doesn't extend the session. */
async function sessionOf(services: Services, request: Request): Promise<Response> {
  try {
    const caller = await accountOfCookie(services, request.headers, addressOf(request))
    const user = caller && 'account' in caller ? { user: { name: caller.account.username } } : {}
    return Response.json(user, { headers: { 'cache-control': 'no-store' } })
  } catch (error) {
    const databaseFault = databaseProblem(error)
    if (databaseFault === null) throw error
    return problemResponse({ status: 503, detail: databaseFault })
  }
}

/** The client of one call, and the problem that the call ran into. */
interface Asked {
  client: Client
  problem: Problem | null
}

/**
 * Options for sessions of pages: a signed cookie names the session's row, and the user's rights are read again with
 * each call.
 */
const authOptions = (services: Services, asked: Asked): NextAuthOptions => ({
  secret: services.authSecret,
  session: { strategy: 'jwt', maxAge: sessionLimits.browser.absolute },
  pages: { signIn: '/login', signOut: '/login', error: '/login' },
  logger: {
    error: (code, metadata) => services.log.error({ code, metadata: String(metadata) }, 'Sign-in failed'),
    warn: (code) => services.log.debug({ code }, 'Sign-in warning'),
    debug: () => undefined,
  },
  providers: [
    Credentials({
      credentials: { username: { type: 'text' }, password: { type: 'password' } },
      async authorize(credentials) {
        const fields = loginFields.safeParse(credentials)
        try {
          if (!fields.success) throw new Failure('not-signed-in', 'Give a username and a password')
          const { account, sessionId } = await signIn(services, fields.data, { ...asked.client, kind: 'browser' })
          return { id: account.id, name: account.username, sid: sessionId }
        } catch (error) {
          asked.problem = problemFrom(services, error)
          throw new Error(errorCode(error))
        }
      },
    }),
  ],
  callbacks: {
    jwt: ({ token, user }) => (user && 'sid' in user ? { ...token, sub: user.id, sid: String(user.sid) } : token),
    // Pages handle redirects themselves.
    redirect: ({ baseUrl }) => baseUrl,
  },
  events: {
    async signOut({ token }) {
      try {
        await signOut(services, asked.client, token)
      } catch (error) {
        asked.problem = problemFrom(services, error)
      }
    },
  },
})

async function signOut({ store }: Services, { address }: Client, token: { sub?: string; sid?: string }): Promise<void> {
  const account = token.sub === undefined ? null : await findAccount(store, token.sub)
  if (!account || token.sid === undefined) return
  const author = { name: account.username, address, apiTokenId: null }
  await endSession(store, author, { id: token.sid, userId: account.id, signOut: true })
}

function problemFrom(services: Services, error: unknown): Problem {
  if (error instanceof Failure) return problemOf(refusal(error))
  const databaseFault = databaseProblem(error)
  if (databaseFault !== null) return problemOf(refusal(new Failure('unavailable', databaseFault)))
  services.log.error({ err: error }, 'A session could not be begun or ended')
  return { status: 500, detail: 'The server could not do this because of a fault of its own; its log says more' }
}

/** The error code for the sign-in page: wrong, disabled, locked:SECONDS, busy:SECONDS or fault. */
function errorCode(error: unknown): string {
  if (!(error instanceof Failure)) return 'fault'
  const seconds = error.retryAfterSeconds ?? 60
  if (error.code === 'unavailable' || (error.code === 'too-many' && seconds < 5)) return `busy:${seconds}`
  if (error.code === 'too-many') return `locked:${seconds}`
  return error.message === accountDisabled ? 'disabled' : 'wrong'
}

/** Calls the library like a Next.js API route does, with plain objects, so that it doesn't need Next.js itself. */
async function callNextAuth(
  options: NextAuthOptions,
  request: Request,
  { path, body }: { path: string; body: Record<string, string> },
): Promise<Response> {
  const headers = new Headers()
  let status = 200
  let sent = ''
  const res = {
    status(code: number) {
      status = code
      return res
    },
    getHeader: (name: string) => (name === 'Set-Cookie' ? headers.getSetCookie() : headers.get(name)),
    setHeader(name: string, value: string | string[]) {
      headers.delete(name)
      for (const one of [value].flat()) headers.append(name, one)
      return res
    },
    json(value: unknown) {
      headers.set('content-type', 'application/json')
      sent = JSON.stringify(value)
    },
    send(value: unknown) {
      if (typeof value === 'string') sent = value
      else res.json(value ?? {})
    },
    end: () => undefined,
  }
  const req = {
    method: request.method,
    query: { nextauth: path.split('/') },
    headers: Object.fromEntries(request.headers),
    cookies: Object.fromEntries(
      Object.entries(cookiesOf(request.headers.get('cookie') ?? '')).filter(([name]) => ownCookie.test(name)),
    ),
    body,
  }
  await NextAuth(options)(req, res)
  headers.set('cache-control', 'no-store')
  return new Response(sent, { status, headers })
}
