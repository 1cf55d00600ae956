import { hkdfSync } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { jwtVerify, SignJWT } from 'jose'
import { z } from 'zod'
import { networkOf, type SessionKind, sessionLimits } from '@/core/accounts/sessions'
import { Failure } from '@/core/contract/failure'
import { personText } from '@/core/contract/fields'
import { transaction } from '@/server/db/client'
import { FairQueue } from '@/server/lib/fair-queue'
import type { Account } from '@/server/store/accounts/account'
import { accountOfApiToken } from '@/server/store/accounts/api-tokens'
import { accountOfSession, type Client, startSession } from '@/server/store/accounts/sessions'
import { lockedFailure } from '@/server/store/accounts/sign-in-limit'
import { checkPassword } from '@/server/store/accounts/users'
import type { Services } from './context'

/** How long an access token is valid, in seconds. */
export const accessTokenSeconds = sessionLimits.program.absolute

/** A separate key per use, so that a session cookie is never accepted as an access token. */
const accessKey = (authSecret: string): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', authSecret, '', 'fogdeck access token', 32))

export async function issueAccessToken(
  { authSecret, clock }: Pick<Services, 'authSecret' | 'clock'>,
  { account, sessionId }: SignedIn,
): Promise<string> {
  const now = Math.floor(clock.now().getTime() / 1000)
  return new SignJWT({ sid: sessionId })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(account.id)
    .setIssuer('fogdeck')
    .setIssuedAt(now)
    .setExpirationTime(now + accessTokenSeconds)
    .sign(accessKey(authSecret))
}

/** The account of a bearer token, or a refusal that says why the token is not valid. */
export async function accountOfBearer(
  services: Services,
  token: string,
  address: string | null,
): Promise<{ account: Account; apiTokenId?: string; sessionId?: string } | { refusal: string }> {
  if (token.startsWith('fdk_')) return accountOfApiToken(services.store, token)
  // Later errors are not the token's fault: an unavailable database must not force anybody to sign in again.
  const payload = await payloadOf(services, token)
  return 'refusal' in payload ? payload : accountOfSession(services.store, payload.sid, address)
}

async function payloadOf(services: Services, token: string): Promise<{ sid: unknown } | { refusal: string }> {
  try {
    const { payload } = await jwtVerify(token, accessKey(services.authSecret), {
      issuer: 'fogdeck',
      algorithms: ['HS256'],
      currentDate: services.clock.now(),
    })
    return { sid: payload.sid }
  } catch (error) {
    const expired = error instanceof Error && 'code' in error && error.code === 'ERR_JWT_EXPIRED'
    return {
      refusal: expired ? 'The access token has expired: sign in again' : 'The access token is not valid: sign in again',
    }
  }
}

/**
 * Hashing occupies a core for some hundredths of a second. Half of the cores hash, and the queue is limited to what
 * they complete within a few seconds.
 */
export const createPasswordQueue = (): FairQueue =>
  new FairQueue({ lanes: Math.max(1, Math.floor(availableParallelism() / 2)), perCaller: 16, total: 64 })

/**
 * Runs work that hashes a password. @throws a `too-many` or `unavailable` failure at once when the work can't begin
 * soon.
 */
export async function inPasswordQueue<T>(
  services: Services,
  address: string | null,
  work: () => Promise<T>,
): Promise<T> {
  const outcome = await services.passwordQueue.run(networkOf(address), work)
  if ('done' in outcome) return outcome.done
  await services.signInLog.note({ action: 'sign-in.refused', user: null, address, after: { why: 'too many at once' } })
  throw outcome.full === 'caller'
    ? new Failure('too-many', 'Too many sign-ins at once from your address: try again in a moment', {
        retryAfterSeconds: 1,
      })
    : new Failure('unavailable', 'Too many sign-ins at once: try again in a few seconds', { retryAfterSeconds: 3 })
}

/** The fields of every sign-in. */
export const loginFields = z.object({
  username: personText({ max: 200, error: 'The username must be text' }).min(1, 'Give the username'),
  password: personText({ max: 1000, shape: 'raw', error: 'The password must be text' }).min(1, 'Give the password'),
})

interface SignedIn {
  account: Account
  sessionId: string
}

/** Begins a session when the password is correct. Attempts are counted before the password is checked. */
export const signIn = (
  services: Services,
  given: { username: string; password: string },
  client: Client & { kind: SessionKind },
): Promise<SignedIn> => inPasswordQueue(services, client.address, () => checkedSignIn(services, given, client))

async function checkedSignIn(
  { store, signInLimit, signInLog, log }: Services,
  { username, password }: { username: string; password: string },
  client: Client & { kind: SessionKind },
): Promise<SignedIn> {
  const { address, kind } = client
  const counted = await signInLimit.signIn({ username, address })
  if (counted.lockedSeconds !== null) {
    const user = counted.userId === null ? null : { id: counted.userId, name: username.toLowerCase() }
    await signInLog.note({ action: 'sign-in.locked', user, address })
    throw lockedFailure(counted.lockedSeconds)
  }
  const checked = await checkPassword(store, username, password)
  const user = checked.account && { id: checked.account.id, name: checked.account.username }
  if (checked.result === 'wrong') {
    log.warn(`Wrong password for user ${JSON.stringify(username.slice(0, 100))}`)
    await signInLog.note({ action: 'sign-in.wrong', user, address })
    throw new Failure('not-signed-in', wrongPassword)
  }
  await counted.giveBack()
  if (checked.result === 'disabled') {
    await signInLog.note({ action: 'sign-in.refused', user, address, after: { why: 'the account is disabled' } })
    throw new Failure('not-signed-in', accountDisabled)
  }
  const { id: sessionId } = await transaction(store, (tx) => startSession(tx, checked.account, client))
  await signInLog.note({ action: 'session.sign-in', user, address, after: { as: kind } })
  return { account: checked.account, sessionId }
}

const wrongPassword = 'Username or password is wrong'
export const accountDisabled = 'This account is disabled: ask an administrator'
