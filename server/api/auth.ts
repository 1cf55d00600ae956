import { hkdfSync } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { jwtVerify, SignJWT } from 'jose'
import { Failure } from '../domain/failure'
import { sessionRefusals } from '../domain/session-refusals'
import { accountOfApiToken } from '../store/api-tokens'
import { type Account, checkPassword, findAccount } from '../store/users'
import type { Services } from './context'

/** How long a session or an access token is good for, in seconds. */
export const sessionSeconds = 12 * 3600

/** One key per use, so that a session cookie can never pass for an access token. */
const accessKey = (authSecret: string): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', authSecret, '', 'fogdeck access token', 32))

export async function issueAccessToken(
  { authSecret, clock }: Pick<Services, 'authSecret' | 'clock'>,
  account: Account,
): Promise<string> {
  const now = Math.floor(clock.now().getTime() / 1000)
  return new SignJWT({ epoch: account.sessionEpoch })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(account.id)
    .setIssuer('fogdeck')
    .setIssuedAt(now)
    .setExpirationTime(now + sessionSeconds)
    .sign(accessKey(authSecret))
}

/** Who a bearer token speaks for; a refusal says why it is not good. */
export async function accountOfBearer(
  services: Services,
  token: string,
): Promise<{ account: Account; apiTokenId?: string } | { refusal: string }> {
  if (token.startsWith('fdk_')) return accountOfApiToken(services.store, token)
  // What goes wrong after this says nothing of the token: a database that is away must not send anybody to sign in again.
  const payload = await payloadOf(services, token)
  return 'refusal' in payload ? payload : accountOfSession(services, payload.sub, payload.epoch)
}

async function payloadOf(
  services: Services,
  token: string,
): Promise<{ sub: string | undefined; epoch: unknown } | { refusal: string }> {
  try {
    const { payload } = await jwtVerify(token, accessKey(services.authSecret), {
      issuer: 'fogdeck',
      algorithms: ['HS256'],
      currentDate: services.clock.now(),
    })
    return { sub: payload.sub, epoch: payload.epoch }
  } catch (error) {
    const expired = error instanceof Error && 'code' in error && error.code === 'ERR_JWT_EXPIRED'
    return {
      refusal: expired ? 'The access token has expired: sign in again' : 'The access token is not valid: sign in again',
    }
  }
}

/** The account of a signed session, as it is now: a disabled user or a changed password ends it at once. */
export async function accountOfSession(
  services: Services,
  id: unknown,
  epoch: unknown,
): Promise<{ account: Account } | { refusal: string }> {
  const account = typeof id === 'string' ? await findAccount(services.store, id) : null
  if (!account) return { refusal: 'The session is not valid: sign in again' }
  if (account.disabled) return { refusal: sessionRefusals.disabled }
  if (account.sessionEpoch !== epoch) return { refusal: sessionRefusals.ended }
  return { account }
}

/**
 * Signs in with a password. Wrong ones are answered ever later and then lock the name for a while; a locked name is
 * refused without looking at the password.
 */
export async function signIn(services: Services, username: string, password: string): Promise<Account> {
  const { store, signInLimit, log } = services
  await signInLimit.check(username)
  const checked = await checkPassword(store, username, password)
  if (checked.result === 'ok') {
    await signInLimit.right(username)
    return checked.account
  }
  if (checked.result === 'disabled')
    throw new Failure('not-signed-in', 'This account is disabled: ask an administrator')
  log.warn(`Wrong password for user ${JSON.stringify(username.slice(0, 100))}`)
  await sleep(await signInLimit.wrong(username))
  throw new Failure('not-signed-in', 'User name or password is wrong')
}
