import type { NextAuthOptions } from 'next-auth'
import Credentials from 'next-auth/providers/credentials'
import { Failure } from '../domain/failure'
import { sessionSeconds, signIn } from './auth'
import type { Services } from './context'

declare module 'next-auth/jwt' {
  interface JWT {
    /** users.session_epoch at the time of signing in */
    epoch?: number
  }
}

/** Sessions of pages: a signed cookie that names the user; what the user may do is read anew with each call. */
export const authOptions = (services: Services): NextAuthOptions => ({
  secret: services.authSecret,
  session: { strategy: 'jwt', maxAge: sessionSeconds },
  pages: { signIn: '/login' },
  logger: {
    error: (code, metadata) => services.log.error({ code, metadata: String(metadata) }, 'Sign-in failed'),
    warn: (code) => services.log.debug({ code }, 'Sign-in warning'),
    debug: () => undefined,
  },
  providers: [
    Credentials({
      credentials: { username: { type: 'text' }, password: { type: 'password' } },
      async authorize(credentials) {
        const username = credentials?.username ?? ''
        const password = credentials?.password ?? ''
        try {
          const account = await signIn(services, username, password)
          return { id: account.id, name: account.username, epoch: account.sessionEpoch }
        } catch (error) {
          throw new Error(errorCode(error))
        }
      },
    }),
  ],
  callbacks: {
    jwt: ({ token, user }) => (user && 'epoch' in user ? { ...token, sub: user.id, epoch: Number(user.epoch) } : token),
  },
})

/** What the sign-in page is told: wrong, disabled, locked:SECONDS or fault. */
function errorCode(error: unknown): string {
  if (!(error instanceof Failure)) return 'fault'
  if (error.code === 'too-many') return `locked:${error.retryAfterSeconds ?? 60}`
  return error.message.includes('disabled') ? 'disabled' : 'wrong'
}
