import { randomBytes } from 'node:crypto'
import { v7 as uuid } from 'uuid'
import { passwordProblem } from '@/core/accounts/passwords'
import type { Role } from '@/core/accounts/roles'
import { usernameProblem } from '@/core/accounts/username'
import { Failure, isUuid, notFound } from '@/core/contract/failure'
import { isUniqueViolation, type Store, type Tx, transaction } from '@/server/db/client'
import { announce } from '@/server/db/notify'
import type { Account } from '@/server/store/accounts/account'
import { type Author, audit, systemAuthor } from '@/server/store/records/audit'
import { hashPassword, verifyPassword } from './credentials'
import { endSessionsIn } from './sessions'

interface UserRow {
  id: string
  username: string
  role: Role
  disabled_at: Date | null
  session_epoch: number
  password_hash: string
}

const account = (row: UserRow): Account => ({
  id: row.id,
  username: row.username,
  role: row.role,
  disabled: row.disabled_at !== null,
  sessionEpoch: row.session_epoch,
})

const columns = 'id, username, role, disabled_at, session_epoch, password_hash'

export async function findAccount(store: Store, id: string): Promise<Account | null> {
  const { rows } = await store.pool.query<UserRow>({
    name: 'find-account',
    text: `select ${columns} from users where id = $1`,
    values: [id],
  })
  return rows[0] ? account(rows[0]) : null
}

type PasswordCheck =
  | { result: 'ok' | 'disabled'; account: Account }
  /** The account if there is one, which the caller must not learn. */
  | { result: 'wrong'; account: Account | null }

/** Whether the password is that of the user. Costs the same whether or not the user exists. */
export async function checkPassword(store: Store, username: string, password: string): Promise<PasswordCheck> {
  const name = username.toLowerCase()
  // A name that is not allowed is not looked up, but a password is hashed all the same.
  const { rows } = await store.pool.query<UserRow>(`select ${columns} from users where username = $1`, [
    usernameProblem(name) === null ? name : '',
  ])
  const row = rows[0]
  const right = await verifyPassword(row?.password_hash ?? null, password)
  if (!row) return { result: 'wrong', account: null }
  if (!right) return { result: 'wrong', account: account(row) }
  return row.disabled_at ? { result: 'disabled', account: account(row) } : { result: 'ok', account: account(row) }
}

/**
 * Makes the first administrator when there is no user at all. Without a given password one is made and handed back
 * once; a given one is taken as it is.
 */
export async function ensureFirstAdmin(
  store: Store,
  { username, password }: { username: string; password: string | null },
): Promise<{ created: boolean; password: string | null; weakness: string | null }> {
  const chosen = password ?? randomBytes(12).toString('base64url')
  const passwordHash = await hashPassword(chosen)
  return transaction(store, async (tx) => {
    // Two processes that start at once must not make two.
    await tx.query(`select pg_advisory_xact_lock(hashtext('fogdeck first administrator'))`)
    const { rowCount } = await tx.query('select 1 from users limit 1')
    if (rowCount) return { created: false, password: null, weakness: null }
    const id = uuid()
    await tx.query(
      `insert into users (id, username, password_hash, role, updated_at) values ($1, $2, $3, 'admin', now())`,
      [id, username.toLowerCase(), passwordHash],
    )
    await audit(tx, systemAuthor, {
      action: 'user.create',
      subjectType: 'user',
      subjectId: id,
      after: { username, role: 'admin' },
    })
    return {
      created: true,
      password: password === null ? chosen : null,
      weakness: password === null ? null : passwordProblem(password, username),
    }
  })
}

function requireGoodPassword(password: string, username: string, path: string): void {
  const problem = passwordProblem(password, username)
  if (problem) throw new Failure('bad-input', problem, { fields: [{ path, message: problem }] })
}

export async function createUser(
  store: Store,
  author: Author,
  input: { username: string; password: string; role: Role },
): Promise<{ id: string }> {
  const username = input.username.toLowerCase()
  const problem = usernameProblem(username)
  if (problem) throw new Failure('bad-input', problem, { fields: [{ path: 'username', message: problem }] })
  requireGoodPassword(input.password, username, 'password')
  const passwordHash = await hashPassword(input.password)
  const id = uuid()
  try {
    await transaction(store, async (tx) => {
      await tx.query(
        'insert into users (id, username, password_hash, role, updated_at) values ($1, $2, $3, $4, now())',
        [id, username, passwordHash, input.role],
      )
      await audit(tx, author, {
        action: 'user.create',
        subjectType: 'user',
        subjectId: id,
        after: { username, role: input.role },
      })
      await announce(tx, [{ topic: 'user', ids: [id] }])
    })
  } catch (error) {
    if (isUniqueViolation(error)) {
      const message = `There is already a user ${username}`
      throw new Failure('conflict', message, { fields: [{ path: 'username', message }] })
    }
    throw error
  }
  return { id }
}

async function lockUser(tx: Tx, id: string): Promise<UserRow> {
  if (!isUuid(id)) throw notFound('user', id)
  // All administrators are locked together, so that two cannot each take away the other's place as the last one.
  await tx.query(`select id from users where role = 'admin' order by id for update`)
  const { rows } = await tx.query<UserRow>(`select ${columns} from users where id = $1 for update`, [id])
  if (!rows[0]) throw notFound('user', id)
  return rows[0]
}

async function requireAnotherAdmin(tx: Tx, id: string): Promise<void> {
  const { rowCount } = await tx.query(
    `select 1 from users where role = 'admin' and disabled_at is null and id <> $1 limit 1`,
    [id],
  )
  if (!rowCount) throw new Failure('conflict', 'This is the last enabled administrator: make another one first')
}

export async function setUserRole(
  store: Store,
  author: Author,
  { id, role }: { id: string; role: Role },
): Promise<void> {
  await transaction(store, async (tx) => {
    const user = await lockUser(tx, id)
    if (user.role === role) return
    if (user.role === 'admin') await requireAnotherAdmin(tx, id)
    await tx.query('update users set role = $2, updated_at = now() where id = $1', [id, role])
    await audit(tx, author, {
      action: 'user.role',
      subjectType: 'user',
      subjectId: id,
      before: { role: user.role },
      after: { role },
    })
    await announce(tx, [{ topic: 'user', ids: [id] }])
  })
}

/** Disabling ends the user's sessions and tokens at once. */
export async function setUserDisabled(
  store: Store,
  author: Author,
  { id, disabled }: { id: string; disabled: boolean },
): Promise<void> {
  await transaction(store, async (tx) => {
    const user = await lockUser(tx, id)
    if ((user.disabled_at !== null) === disabled) return
    if (disabled && user.role === 'admin') await requireAnotherAdmin(tx, id)
    await tx.query('update users set disabled_at = case when $2 then now() end where id = $1', [id, disabled])
    await endSessionsIn(tx, id, null)
    await audit(tx, author, { action: disabled ? 'user.disable' : 'user.enable', subjectType: 'user', subjectId: id })
  })
}

/** Ends all sessions that began with the old password, but `keep`: the one of a user who changes the own password. */
export async function setUserPassword(
  store: Store,
  author: Author,
  { id, password, keep = null }: { id: string; password: string; keep?: string | null },
): Promise<void> {
  const passwordHash = await hashPassword(password)
  await transaction(store, async (tx) => {
    const user = await lockUser(tx, id)
    requireGoodPassword(password, user.username, 'password')
    await tx.query('update users set password_hash = $2 where id = $1', [id, passwordHash])
    await endSessionsIn(tx, id, keep)
    await audit(tx, author, { action: 'user.password', subjectType: 'user', subjectId: id })
  })
}

/** False when `current` is not the password. */
export async function changeOwnPassword(
  store: Store,
  author: Author,
  { id, current, next, keep }: { id: string; current: string; next: string; keep: string | null },
): Promise<boolean> {
  const { rows } = await store.pool.query<UserRow>(`select ${columns} from users where id = $1`, [id])
  if (!rows[0]) throw notFound('user', id)
  requireGoodPassword(next, rows[0].username, 'next')
  if (!(await verifyPassword(rows[0].password_hash, current))) return false
  await setUserPassword(store, author, { id, password: next, keep })
  return true
}

export async function listUsers(store: Store) {
  return store.prisma.user.findMany({
    select: { id: true, username: true, role: true, disabledAt: true, lastLoginAt: true, createdAt: true },
    orderBy: { username: 'asc' },
  })
}
