import { headers } from 'next/headers'
import { getToken } from 'next-auth/jwt'
import { sessionRefusals } from '@/core/accounts/session-refusals'
import { agentHeaders } from '@/core/agents/protocol'
import { Failure } from '@/core/contract/failure'
import { accountOfBearer } from '@/server/api/context/auth'
import type { Context, Services } from '@/server/api/context/context'
import { refusal } from '@/server/api/context/trpc'
import { databaseProblem } from '@/server/db/errors'
import { plainAddress } from '@/server/lib/addresses'
import type { Account } from '@/server/store/accounts/account'
import { accountOfSession } from '@/server/store/accounts/sessions'
import type { Actor } from '@/server/store/records/audit'
import { cookiesOf } from './cookies'

/** The caller's network address, as set by the gateway (server/gateway). */
export const addressOf = (request: Request): string | null => plainAddress(request.headers.get('x-forwarded-for') ?? '')

/** Browsers send cookies with requests that other sites cause, so such requests must not change anything. */
function fromOtherSite(request: Request): boolean {
  if (request.method === 'GET' || request.method === 'HEAD') return false
  const site = request.headers.get('sec-fetch-site')
  if (site) return site !== 'same-origin' && site !== 'none'
  const origin = request.headers.get('origin')
  if (origin === null) return false
  // Pages with an opaque origin send the word "null".
  return !URL.canParse(origin) || new URL(origin).host !== request.headers.get('host')
}

type Caller = { account: Account; apiTokenId?: string; sessionId?: string } | { refusal: string | null }

async function callerOf(services: Services, request: Request, bearer: string | null): Promise<Caller> {
  const address = addressOf(request)
  if (bearer !== null) return accountOfBearer(services, bearer, address)
  if (!hasSessionCookie(request.headers)) return { refusal: null }
  if (fromOtherSite(request)) return { refusal: 'This request came from another site' }
  return accountOfCookie(services, request.headers, address)
}

/** The cookie's name has a prefix under HTTPS, and long cookies are split into parts. */
const hasSessionCookie = (from: Headers): boolean => from.get('cookie')?.includes('next-auth.session-token') ?? false

/** The account of the session cookie, from any kind of headers. */
export async function accountOfCookie(services: Services, from: Headers, address: string | null): Promise<Caller> {
  if (!hasSessionCookie(from)) return { refusal: null }
  const token = await getToken({
    req: { headers: Object.fromEntries(from), cookies: cookiesOf(from.get('cookie') ?? '') } as unknown as Parameters<
      typeof getToken
    >[0]['req'],
    secret: services.authSecret,
  })
  return token ? accountOfSession(services.store, token.sid, address) : { refusal: sessionRefusals.invalid }
}

/** Without the database the caller can't be identified; that must not look like an invalid session. */
async function knownCaller(services: Services, request: Request, bearer: string | null): Promise<Caller> {
  try {
    return await callerOf(services, request, bearer)
  } catch (error) {
    const databaseFault = databaseProblem(error)
    throw databaseFault === null ? error : refusal(new Failure('unavailable', databaseFault))
  }
}

/** The context of one HTTP call by a page (cookie), a program (bearer token) or an agent (bearer token). */
export async function contextOfRequest(
  services: Services,
  request: Request,
  { resHeaders, forAgent = false }: { resHeaders: Headers; forAgent?: boolean },
): Promise<Context> {
  const authorization = request.headers.get('authorization')
  const bearer = authorization?.match(/^Bearer\s+(\S+)$/i)?.[1] ?? null
  const caller: Caller = forAgent ? { refusal: null } : await knownCaller(services, request, bearer)
  const address = addressOf(request)
  return {
    services,
    actor: 'account' in caller ? actorOf(caller, address) : null,
    refusal: 'refusal' in caller ? caller.refusal : null,
    agentCredential: bearer,
    agentInstance: request.headers.get(agentHeaders.instance),
    joinToken: request.headers.get(agentHeaders.joinToken),
    idempotencyKey: request.headers.get('idempotency-key'),
    address,
    origin: originOf(services, request),
    resHeaders,
  }
}

const actorOf = (
  { account, apiTokenId, sessionId }: Extract<Caller, { account: Account }>,
  address: string | null,
): Actor => ({
  id: account.id,
  name: account.username,
  role: account.role,
  sessionId: sessionId ?? null,
  apiTokenId: apiTokenId ?? null,
  address,
})

/**
 * Scheme and host by which people and agents reach this installation: the configured address, or else that of the
 * request.
 */
export function originOf({ publicUrl }: Pick<Services, 'publicUrl'>, { headers }: Request): string {
  const protocol = headers.get('x-forwarded-proto') === 'https' ? 'https' : 'http'
  return publicUrl ?? `${protocol}://${headers.get('host') ?? 'localhost'}`
}

/** The signed-in account, for server components. */
export async function accountOfPage(services: Services): Promise<Account | null> {
  const caller = await accountOfCookie(services, new Headers(await headers()), null)
  return 'account' in caller ? caller.account : null
}
