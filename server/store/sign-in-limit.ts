import { RateLimiterPrisma, RateLimiterRes } from 'rate-limiter-flexible'
import { Failure } from '../domain/failure'
import type { Store } from './context'

/** Wrong passwords per user name: each is answered later, and after the last one the name is locked for a while. */
export const signInLimits = { wrongTries: 10, windowSeconds: 900, lockSeconds: 300, freeTries: 3, slowestMs: 4_000 }

export interface SignInLimit {
  /** Throws a `too-many` failure while the name is locked. */
  check(username: string): Promise<void>
  /** Counts a wrong password; milliseconds to wait before answering. */
  wrong(username: string): Promise<number>
  right(username: string): Promise<void>
}

const locked = (milliseconds: number) => {
  const seconds = Math.max(1, Math.ceil(milliseconds / 1000))
  return new Failure('too-many', `Too many wrong passwords: sign-in is locked for ${seconds} s`, {
    retryAfterSeconds: seconds,
  })
}

/** Kept in the database, so that it holds across restarts and several web processes. */
export function createSignInLimit(store: Store, limits = signInLimits): SignInLimit {
  const limiter = new RateLimiterPrisma({
    storeClient: store.prisma,
    keyPrefix: 'sign-in',
    points: limits.wrongTries,
    duration: limits.windowSeconds,
    blockDuration: limits.lockSeconds,
  })
  const key = (username: string) => username.toLowerCase().slice(0, 100)
  return {
    async check(username) {
      const state = await limiter.get(key(username))
      if (state && state.consumedPoints > limits.wrongTries) throw locked(state.msBeforeNext)
    },
    async wrong(username) {
      try {
        const { consumedPoints } = await limiter.consume(key(username))
        return consumedPoints <= limits.freeTries
          ? 0
          : Math.min(limits.slowestMs, 250 * 2 ** (consumedPoints - limits.freeTries - 1))
      } catch (refused) {
        if (refused instanceof RateLimiterRes) throw locked(refused.msBeforeNext)
        throw refused
      }
    },
    async right(username) {
      await limiter.delete(key(username))
    },
  }
}
