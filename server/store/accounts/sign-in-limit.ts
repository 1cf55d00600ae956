import { createHash } from 'node:crypto'
import { keptSessionDays, networkOf } from '@/core/accounts/sessions'
import { usernameProblem } from '@/core/accounts/username'
import { Failure } from '@/core/contract/failure'
import { type Store, transaction } from '@/server/db/client'
import { requireLeader } from '@/server/store/leader/leadership'

interface Limit {
  /** Wrong passwords within `windowSeconds`… */
  tries: number
  windowSeconds: number
  /** …after which attempts are refused for this many seconds. */
  lockSeconds: number
}

/**
 * How many wrong passwords are checked: of a name from a network, so that nobody locks out somebody elsewhere; of a
 * network whatever the name; and of a name from wherever. The last two don't hold where that name has signed in before.
 */
export const signInLimits = {
  pair: { tries: 10, windowSeconds: 900, lockSeconds: 300 },
  network: { tries: 100, windowSeconds: 900, lockSeconds: 300 },
  name: { tries: 100, windowSeconds: 900, lockSeconds: 300 },
} as const satisfies Record<string, Limit>
type SignInLimits = Record<keyof typeof signInLimits, Limit>

/** An attempt that is counted. */
interface Try {
  /** If it is one too many: how long no password may be checked. Null if this one may. */
  lockedSeconds: number | null
  /** The user with that name, if there is one. */
  userId: string | null
  /** To call when the password was right. */
  giveBack(): Promise<void>
}

export interface SignInLimit {
  /** Counts an attempt, before the password is checked. */
  signIn(who: { username: string; address: string | null }): Promise<Try>
  /** The same for a signed-in user who is asked for the current password. */
  confirm(sessionId: string): Promise<Try>
}

interface Counted {
  points: number
  waitSeconds: number
}

export const lockedFailure = (seconds: number): Failure =>
  new Failure('too-many', `Too many wrong passwords: sign-in is locked for ${seconds} s`, {
    retryAfterSeconds: seconds,
  })

/** Names and addresses are of any length and form, and need not be read here. */
const keyOf = (kind: string, ...of: string[]): string =>
  `${kind}:${createHash('sha256').update(JSON.stringify(of)).digest('base64url')}`

// The column has no time zone; it holds UTC.
const now = `(now() at time zone 'utc')`

/**
 * Counts one more of a key, from the rows of `from`. Up to the limit it says the number; beyond, the number stays one
 * above it, and the lock is not made longer by who goes on.
 */
const count = (key: string, { tries, windowSeconds, lockSeconds }: Limit, from = ''): string => `
  insert into rate_limits as r (key, points, expire)
  select ${key}::text, 1, ${now} + interval '${windowSeconds} seconds' ${from}
  on conflict (key) do update set
    points = case when r.expire <= ${now} then 1 else least(r.points + 1, ${tries + 1}) end,
    expire = case when r.expire <= ${now} then excluded.expire
      when r.points = ${tries} then ${now} + interval '${lockSeconds} seconds' else r.expire end
  returning points, extract(epoch from expire - ${now})::float8 as "waitSeconds"`

/** Kept in the database, so that it holds across restarts and several web processes. */
export function createSignInLimit(store: Store, limits: SignInLimits = signInLimits): SignInLimit {
  // Each is counted only when those before let the try through: who is locked out of a pair locks nobody else out. All
  // statements lock in this order, and none waits for another that waits for it.
  const signInSql = `
    with known as (
      select u.id as user_id, exists (
        select from sessions s
        where s.user_id = u.id and s.network = $5 and s.created_at > now() - interval '${keptSessionDays} days'
      ) as known
      from (select 1) one left join users u on u.username = $4
    ), pair as (${count('$1', limits.pair)}
    ), network as (${count('$2', limits.network, `from pair where pair.points <= ${limits.pair.tries}`)}
    ), name as (${count('$3', limits.name, `from network, known where known or network.points <= ${limits.network.tries}`)}
    )
    select user_id as "userId", known, row_to_json(pair) as pair, row_to_json(network) as network, row_to_json(name) as name
    from known cross join pair left join network on true left join name on true`

  // One row a statement: several in one could wait for a statement that waits for them.
  const giveBack = (pair: string, others: readonly [key: string, limit: Limit][]) => async () => {
    await Promise.all([
      store.pool.query('delete from rate_limits where key = $1', [pair]),
      ...others.map(([key, { tries }]) =>
        store.pool.query('update rate_limits set points = points - 1 where key = $1 and points between 1 and $2', [
          key,
          tries,
        ]),
      ),
    ])
  }

  return {
    async signIn({ username, address }) {
      const name = username.toLowerCase()
      const network = networkOf(address)
      const keys = { pair: keyOf('pair', name, network), network: keyOf('network', network), name: keyOf('name', name) }
      const { rows } = await store.pool.query<{
        userId: string | null
        known: boolean
        pair: Counted
        network: Counted | null
        name: Counted | null
      }>({
        name: 'count-sign-in',
        text: signInSql,
        values: [keys.pair, keys.network, keys.name, usernameProblem(name) === null ? name : '', network],
      })
      const row = rows[0]
      if (!row) throw new Error('A try could not be counted')
      const kinds = row.known ? (['pair'] as const) : (['pair', 'network', 'name'] as const)
      return {
        lockedSeconds: kinds.map((kind) => lockOf(row[kind], limits[kind])).find((wait) => wait !== null) ?? null,
        userId: row.userId,
        giveBack: giveBack(keys.pair, [
          [keys.network, limits.network],
          [keys.name, limits.name],
        ]),
      }
    },

    async confirm(sessionId) {
      const key = keyOf('confirm', sessionId)
      const { rows } = await store.pool.query<Counted>(count('$1', limits.pair), [key])
      return { lockedSeconds: lockOf(rows[0] ?? null, limits.pair), userId: null, giveBack: giveBack(key, []) }
    },
  }
}

const lockOf = (counted: Counted | null, { tries }: Limit): number | null =>
  counted && counted.points > tries ? Math.max(1, Math.ceil(counted.waitSeconds)) : null

/** Deletes counts that have expired. Only in the leadership term `epoch`. */
export const pruneSignInCounts = (store: Store, epoch: bigint): Promise<number> =>
  transaction(store, async (tx) => {
    await requireLeader(tx, epoch)
    const { rowCount } = await tx.query(`delete from rate_limits where expire <= ${now}`)
    return rowCount ?? 0
  })
