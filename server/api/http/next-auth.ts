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
    /** sessions.id: all that counts is in that row. */
    sid?: string
  }
}

/** The library's calls that pages use, by their paths after /api/auth/. Nothing else of it is reachable. */
const calls = {
  GET: ['csrf', 'signin', 'signout', 'error'],
  POST: ['callback/credentials', 'signout'],
} as const

/** What a call may send: a name and a password, with the library's own token against other sites. */
const bodyFields = ['csrfToken', 'json', 'username', 'password'] as const

/** Its cookie with the address to go to next is of no use here, and what is in it is not to be trusted. */
const ownCookie = /^(?:__Secure-|__Host-)?next-auth\.(?:csrf-token|session-token)/

/** /api/auth/…: sessions of pages. */
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
  // The library answers 401 to whatever went wrong, and a sign-out that failed must not look like one that did not.
  const { status, headers = {} } = asked.problem
  return new Response(response.body, {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers },
  })
}

/** What else is sent is not passed on. */
function fieldsOfForm(text: string): Record<string, string> {
  const form = new URLSearchParams(text)
  return Object.fromEntries(bodyFields.flatMap((name) => (form.has(name) ? [[name, form.get(name) ?? '']] : [])))
}

/** Who is signed in; what is asked here does not make the session longer. */
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

/** One call, and what was wrong with it. */
interface Asked {
  client: Client
  problem: Problem | null
}

/** Sessions of pages: a signed cookie that names the row; what the user may do is read anew with each call. */
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
          if (!fields.success) throw new Failure('not-signed-in', 'Give a user name and a password')
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
    // Pages go where they want by themselves.
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

/** What the sign-in page is told: wrong, disabled, locked:SECONDS, busy:SECONDS or fault. */
function errorCode(error: unknown): string {
  if (!(error instanceof Failure)) return 'fault'
  const seconds = error.retryAfterSeconds ?? 60
  if (error.code === 'unavailable' || (error.code === 'too-many' && seconds < 5)) return `busy:${seconds}`
  if (error.code === 'too-many') return `locked:${seconds}`
  return error.message === accountDisabled ? 'disabled' : 'wrong'
}

/** The library as it is called from an API route: plain objects in, plain calls out. It needs nothing of Next then. */
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
