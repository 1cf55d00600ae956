/**
 * Sessions of people and of programs that signed in with a password. What is signed holds the id; everything else is
 * here.
 */
import { v7 as uuid } from 'uuid'
import type { Role } from '@/core/accounts/roles'
import { sessionRefusals } from '@/core/accounts/session-refusals'
import {
  deviceOf,
  keptSessions,
  networkOf,
  type SessionKind,
  type SessionView,
  sessionLimits,
} from '@/core/accounts/sessions'
import { isUuid, notFound } from '@/core/contract/failure'
import { repairedText } from '@/core/contract/text'
import { type Store, type Tx, transaction } from '@/server/db/client'
import { announce } from '@/server/db/notify'
import { requireLeader } from '@/server/store/leader/leadership'
import { type Author, audit } from '@/server/store/records/audit'
import type { Account } from './account'

/** Where a session was started. */
export interface Client {
  address: string | null
  userAgent: string | null
}

/**
 * A session of an account as it was when its password was checked: a change of the password since then makes it void.
 */
export async function startSession(
  tx: Pick<Tx, 'query'>,
  account: Account,
  { kind, address, userAgent }: Client & { kind: SessionKind },
): Promise<{ id: string }> {
  const id = uuid()
  await tx.query(
    `insert into sessions (id, user_id, kind, epoch, expires_at, address, network, user_agent)
     values ($1, $2, $3, $4, now() + make_interval(secs => $5), $6, $7, $8)`,
    [
      id,
      account.id,
      kind,
      account.sessionEpoch,
      sessionLimits[kind].absolute,
      address,
      networkOf(address),
      userAgent && repairedText(userAgent, { max: 300 }),
    ],
  )
  await tx.query(
    `delete from sessions where id in (
       select id from sessions where user_id = $1 and kind = $2 order by last_seen_at desc, id desc offset $3)`,
    [account.id, kind, keptSessions],
  )
  await tx.query('update users set last_login_at = now() where id = $1', [account.id])
  await announce(tx, [{ topic: 'session', ids: [account.id] }])
  return { id }
}

/** When the idle limit ends the session. */
const idleEnd = `s.last_seen_at + make_interval(secs => case s.kind ${Object.entries(sessionLimits)
  .map(([kind, { idle }]) => `when '${kind}' then ${idle}`)
  .join(' ')} end)`
const endsAt = `least(s.expires_at, ${idleEnd})`
/** Of `sessions s join users u`: whether calls with the session are answered. */
const usable = `s.ended_at is null and s.epoch = u.session_epoch and u.disabled_at is null and ${endsAt} > now()`

/** The account of a session, as it is now. The time of use is written at most once a minute. */
export async function accountOfSession(
  store: Store,
  id: unknown,
  address: string | null,
): Promise<{ account: Account; sessionId: string } | { refusal: string }> {
  if (typeof id !== 'string' || !isUuid(id)) return { refusal: sessionRefusals.invalid }
  const { rows } = await store.pool.query<{
    userId: string
    username: string
    role: Role
    disabled: boolean
    sessionEpoch: number
    ended: boolean
    over: boolean
    unseen: boolean
  }>({
    name: 'account-of-session',
    text: `select u.id as "userId", u.username, u.role, u.disabled_at is not null as disabled, u.session_epoch as "sessionEpoch",
        s.ended_at is not null or s.epoch <> u.session_epoch as ended, ${endsAt} <= now() as over,
        s.last_seen_at < now() - interval '1 minute' as unseen
      from sessions s join users u on u.id = s.user_id where s.id = $1`,
    values: [id],
  })
  const row = rows[0]
  if (!row) return { refusal: sessionRefusals.ended }
  if (row.disabled) return { refusal: sessionRefusals.disabled }
  if (row.ended) return { refusal: sessionRefusals.ended }
  if (row.over) return { refusal: sessionRefusals.over }
  if (row.unseen) await noteSeen(store, id, address)
  const { userId, username, role, disabled, sessionEpoch } = row
  return { account: { id: userId, username, role, disabled, sessionEpoch }, sessionId: id }
}

/** A database that accepts no writes must not lock out readers. */
const noteSeen = (store: Store, id: string, address: string | null): Promise<unknown> =>
  store.pool
    .query(
      `update sessions set last_seen_at = now(), last_address = coalesce($2, last_address)
       where id = $1 and last_seen_at < now() - interval '1 minute'`,
      [id, address],
    )
    .catch(() => undefined)

/**
 * Milliseconds for which calls with it are answered from now on, if nobody ends it and nothing more is asked; 0: none.
 */
export async function sessionRestMs(store: Store, id: string): Promise<number> {
  const { rows } = await store.pool.query<{ rest: number }>(
    `select (extract(epoch from ${endsAt} - now()) * 1000)::float8 as rest
     from sessions s join users u on u.id = s.user_id where s.id = $1 and ${usable}`,
    [id],
  )
  return rows[0]?.rest ?? 0
}

/** How many sessions are listed; all can be ended together. */
const listed = 100

/** The valid sessions, last used first. `current`: the session of the call. */
export async function listSessions(store: Store, userId: string, current: string | null): Promise<SessionView[]> {
  if (!isUuid(userId)) throw notFound('user', userId)
  const { rows } = await store.pool.query<{
    id: string
    kind: SessionKind
    userAgent: string | null
    address: string | null
    lastAddress: string | null
    createdAt: Date
    lastSeenAt: Date
    expiresAt: Date
  }>(
    `select s.id, s.kind, s.user_agent as "userAgent", s.address, s.last_address as "lastAddress",
       s.created_at as "createdAt", s.last_seen_at as "lastSeenAt", s.expires_at as "expiresAt"
     from sessions s join users u on u.id = s.user_id where s.user_id = $1 and ${usable}
     order by s.id = $2 desc nulls last, s.last_seen_at desc, s.id desc limit $3`,
    [userId, current, listed],
  )
  return rows.map(({ userAgent, ...row }) => ({
    ...row,
    device: deviceOf(userAgent),
    lastAddress: row.lastAddress === row.address ? null : row.lastAddress,
    createdAt: row.createdAt.toISOString(),
    lastSeenAt: row.lastSeenAt.toISOString(),
    expiresAt: row.expiresAt.toISOString(),
    current: row.id === current,
  }))
}

/** Ends one session of a user; one that has ended already stays as it is. */
export const endSession = (
  store: Store,
  author: Author,
  { id, userId, signOut = false }: { id: string; userId: string; signOut?: boolean },
): Promise<void> =>
  transaction(store, async (tx) => {
    if (!isUuid(id) || !isUuid(userId)) throw notFound('session', id)
    const { rows } = await tx.query<{
      kind: SessionKind
      address: string | null
      userAgent: string | null
      ended: boolean
    }>(
      `select kind, address, user_agent as "userAgent", ended_at is not null as ended
       from sessions where id = $1 and user_id = $2 for update`,
      [id, userId],
    )
    const row = rows[0]
    if (!row) throw notFound('session', id)
    if (row.ended) return
    await tx.query('update sessions set ended_at = now() where id = $1', [id])
    await audit(tx, author, {
      action: signOut ? 'session.sign-out' : 'session.end',
      subjectType: 'user',
      subjectId: userId,
      before: { kind: row.kind, device: deviceOf(row.userAgent) ?? 'unknown', from: row.address ?? 'unknown' },
    })
    await announce(tx, [{ topic: 'session', ids: [userId] }])
  })

/**
 * Ends all sessions of a user but `keep`, including those being created. Runs in a transaction of its own or a larger
 * one.
 */
export async function endSessionsIn(tx: Tx, userId: string, keep: string | null): Promise<void> {
  const { rows } = await tx.query<{ epoch: number }>(
    'update users set session_epoch = session_epoch + 1, updated_at = now() where id = $1 returning session_epoch as epoch',
    [userId],
  )
  if (!rows[0]) throw notFound('user', userId)
  await tx.query(
    `update sessions set epoch = case when id = $3 then $2 else epoch end,
       ended_at = case when id = $3 then null else now() end
     where user_id = $1 and ended_at is null`,
    [userId, rows[0].epoch, keep],
  )
  await announce(tx, [
    { topic: 'user', ids: [userId] },
    { topic: 'session', ids: [userId] },
  ])
}

/** Ends all sessions of a user but `keep`; API tokens stay as they are. */
export const endSessions = (
  store: Store,
  author: Author,
  { userId, keep }: { userId: string; keep: string | null },
): Promise<void> =>
  transaction(store, async (tx) => {
    if (!isUuid(userId)) throw notFound('user', userId)
    await endSessionsIn(tx, userId, keep)
    await audit(tx, author, { action: 'user.end-sessions', subjectType: 'user', subjectId: userId })
  })

/** Deletes sessions that ended before a given time. Only in the leadership term `epoch`. */
export const pruneSessions = (store: Store, { epoch, before }: { epoch: bigint; before: Date }): Promise<number> =>
  transaction(store, async (tx) => {
    await requireLeader(tx, epoch)
    const { rowCount } = await tx.query(`delete from sessions s where coalesce(s.ended_at, ${endsAt}) < $1`, [before])
    return rowCount ?? 0
  })
