import { v7 as uuid } from 'uuid'
import { Failure } from '../domain/failure'
import { type Author, audit } from './audit'
import { type Store, transaction } from './context'
import { hashToken, makeToken } from './credentials'
import type { Account } from './users'

/** Makes an API token with the rights of `username`; it is handed back once and only its hash is kept. */
export async function createApiToken(
  store: Store,
  author: Author,
  input: { username: string; name: string; expiresInHours: number | null },
): Promise<{ id: string; token: string }> {
  const id = uuid()
  const token = makeToken('fdk')
  await transaction(store, async (tx) => {
    const { rowCount } = await tx.query(
      `insert into api_tokens (id, user_id, name, token_hash, expires_at)
       select $1, id, $3, $4, now() + make_interval(secs => $5) from users where username = $2 and disabled_at is null`,
      [
        id,
        input.username.toLowerCase(),
        input.name,
        hashToken(token),
        input.expiresInHours === null ? null : input.expiresInHours * 3600,
      ],
    )
    if (!rowCount) throw new Failure('not-found', `There is no enabled user ${input.username}`)
    const after = { name: input.name, username: input.username, expiresInHours: input.expiresInHours }
    await audit(tx, author, { action: 'api-token.create', subjectType: 'api-token', subjectId: id, after })
  })
  return { id, token }
}

/** The account behind a usable token. */
export async function accountOfApiToken(store: Store, token: string): Promise<Account | null> {
  const { rows } = await store.pool.query<Account>(
    `update api_tokens t set last_used_at = now() from users u
     where t.token_hash = $1 and u.id = t.user_id and t.revoked_at is null
       and (t.expires_at is null or t.expires_at > now())
     returning u.id, u.username, u.role, u.disabled_at is not null as disabled, u.session_epoch as "sessionEpoch"`,
    [hashToken(token)],
  )
  return rows[0] ?? null
}
