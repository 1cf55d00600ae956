import { encode } from 'next-auth/jwt'
import type { Actor } from '../store/deployments'
import { sessionSeconds } from './auth'
import type { Context } from './context'

/**
 * Gives the page that calls a session of the epoch that has just begun, in place of the one that ended. False for
 * programs, which have no cookie: they sign in again.
 */
export async function renewSession(
  { services, sessionCookie, resHeaders }: Context,
  { id, name }: Actor,
  epoch: number,
): Promise<boolean> {
  if (sessionCookie === null) return false
  const token = await encode({
    token: { sub: id, name, epoch },
    secret: services.authSecret,
    maxAge: sessionSeconds,
  })
  const attributes = `Path=/; Max-Age=${sessionSeconds}; HttpOnly; SameSite=Lax`
  const secure = sessionCookie.startsWith('__Secure-') ? '; Secure' : ''
  resHeaders.append('set-cookie', `${sessionCookie}=${token}; ${attributes}${secure}`)
  return true
}
