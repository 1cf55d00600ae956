import { v7 as uuid } from 'uuid'
import { lesserRole, type Role } from '@/core/accounts/roles'
import { Failure, isUuid, notFound } from '@/core/contract/failure'
import type { ApiTokenView } from '@/core/views/accounts'
import { type Store, transaction } from '@/server/db/client'
import { announce } from '@/server/db/notify'
import type { Actor } from '@/server/store/records/audit'
import { type Author, audit } from '@/server/store/records/audit'
import type { Account } from './account'
import { hashToken, makeToken } from './credentials'

/**
 * Makes an API token of `username`; it is handed back once and only its hash is kept. `scope` is the most that it may
 * do; null is all that the user may now. `expiresInHours` null: never.
 */
export async function createApiToken(
  store: Store,
  author: Author,
  input: { username: string; name: string; scope: Role | null; expiresInHours: number | null },
): Promise<{ id: string; token: string }> {
  const id = uuid()
  const token = makeToken('fdk')
  await transaction(store, async (tx) => {
    const { rows } = await tx.query<{ id: string; username: string; role: Role }>(
      'select id, username, role from users where username = $1 and disabled_at is null for share',
      [input.username.toLowerCase()],
    )
    const user = rows[0]
    if (!user) throw new Failure('not-found', `There is no enabled user ${input.username}`)
    const scope = input.scope ?? user.role
    if (lesserRole(scope, user.role) !== scope) {
      const message = `A token of ${user.username} can't be for more than the role ${user.role}`
      throw new Failure('bad-input', message, { fields: [{ path: 'scope', message }] })
    }
    await tx.query(
      `insert into api_tokens (id, user_id, name, token_hash, scope, expires_at)
       values ($1, $2, $3, $4, $5, now() + make_interval(secs => $6))`,
      [id, user.id, input.name, hashToken(token), scope, input.expiresInHours && input.expiresInHours * 3600],
    )
    const after = { name: input.name, owner: user.username, scope, expiresInHours: input.expiresInHours }
    await audit(tx, author, { action: 'api-token.create', subjectType: 'api-token', subjectId: id, after })
    await announce(tx, [{ topic: 'token', ids: [id] }])
  })
  return { id, token }
}

/** Of the actor's own tokens, or of anybody's; one that is revoked already stays as it is. */
export async function revokeApiToken(
  store: Store,
  actor: Actor,
  { id, ofAnybody }: { id: string; ofAnybody: boolean },
): Promise<void> {
  if (!isUuid(id)) throw notFound('API token', id)
  await transaction(store, async (tx) => {
    const { rows } = await tx.query<{ name: string; owner: string; revoked: boolean }>(
      `select t.name, u.username as owner, t.revoked_at is not null as revoked
       from api_tokens t join users u on u.id = t.user_id
       where t.id = $1 and ($2 or t.user_id = $3) for update of t`,
      [id, ofAnybody, actor.id],
    )
    if (!rows[0]) throw notFound('API token', id)
    const { revoked, ...before } = rows[0]
    if (revoked) return
    await tx.query('update api_tokens set revoked_at = now() where id = $1', [id])
    await audit(tx, actor, { action: 'api-token.revoke', subjectType: 'api-token', subjectId: id, before })
    await announce(tx, [{ topic: 'token', ids: [id] }])
  })
}

/** Whom a token speaks for, with what it may do as the role. That it was used is written once a minute at most. */
export async function accountOfApiToken(
  store: Store,
  token: string,
): Promise<{ account: Account; apiTokenId: string } | { refusal: string }> {
  const { rows } = await store.pool.query<{
    id: string
    name: string
    scope: Role
    revoked: boolean
    expired: boolean
    noted: boolean
    userId: string
    username: string
    role: Role
    disabled: boolean
    sessionEpoch: number
  }>({
    name: 'account-of-api-token',
    text: `
      with noted as (
        update api_tokens t set last_used_at = now() from users u
        where t.token_hash = $1 and u.id = t.user_id and u.disabled_at is null
          and t.revoked_at is null and (t.expires_at is null or t.expires_at > now())
          and (t.last_used_at is null or t.last_used_at < now() - interval '1 minute')
        returning t.id
      )
      select t.id, t.name, t.scope, t.revoked_at is not null as revoked, t.expires_at is not null and t.expires_at <= now() as expired,
        exists (select from noted) as noted, u.id as "userId", u.username, u.role, u.disabled_at is not null as disabled,
        u.session_epoch as "sessionEpoch"
      from api_tokens t join users u on u.id = t.user_id where t.token_hash = $1`,
    values: [hashToken(token)],
  })
  const row = rows[0]
  if (!row) return { refusal: 'This API token is not known here: check that it was copied whole' }
  if (row.revoked) return { refusal: `The API token “${row.name}” was revoked: make a new one` }
  if (row.expired) return { refusal: `The API token “${row.name}” has expired: make a new one` }
  if (row.disabled)
    return { refusal: `The API token “${row.name}” belongs to ${row.username}, whose account is disabled` }
  if (row.noted) await announce(store.pool, [{ topic: 'token', ids: [row.id] }])
  const { userId: id, username, sessionEpoch } = row
  const account = { id, username, role: lesserRole(row.scope, row.role), disabled: false, sessionEpoch }
  return { account, apiTokenId: row.id }
}

/** Milliseconds for which calls with it are answered from now on, if nobody revokes it; 0: none, infinite: no end. */
export async function apiTokenRestMs(store: Store, id: string): Promise<number> {
  const { rows } = await store.pool.query<{ rest: number | null }>(
    `select (extract(epoch from t.expires_at - now()) * 1000)::float8 as rest
     from api_tokens t join users u on u.id = t.user_id
     where t.id = $1 and u.disabled_at is null and t.revoked_at is null and (t.expires_at is null or t.expires_at > now())`,
    [id],
  )
  return rows[0] ? (rows[0].rest ?? Number.POSITIVE_INFINITY) : 0
}

/** So many are listed: all that can be used, long before that. */
const listed = 1000

/** Those that can be used first, then the newest; of everybody, or of one user. */
export async function listApiTokens(store: Store, userId: string | null): Promise<ApiTokenView[]> {
  const { rows } = await store.pool.query<{
    id: string
    name: string
    owner: string
    scope: Role
    role: Role
    createdAt: Date
    expiresAt: Date | null
    lastUsedAt: Date | null
    state: ApiTokenView['state']
  }>(
    `select * from (
       select t.id, t.name, u.username as owner, t.scope, u.role, t.created_at as "createdAt", t.expires_at as "expiresAt",
         t.last_used_at as "lastUsedAt",
         case when t.revoked_at is not null then 'revoked' when t.expires_at <= now() then 'expired'
           when u.disabled_at is not null then 'owner disabled' else 'usable' end as state
       from api_tokens t join users u on u.id = t.user_id where $1::uuid is null or t.user_id = $1) tokens
     order by state = 'usable' desc, "createdAt" desc, id desc limit $2`,
    [userId, listed],
  )
  return rows.map((row) => ({
    ...row,
    role: lesserRole(row.scope, row.role),
    createdAt: row.createdAt.toISOString(),
    expiresAt: row.expiresAt?.toISOString() ?? null,
    lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
  }))
}
