/** Where events are sent to. Addresses and secrets are sealed, and leave this file only towards who sends. */
import { v7 as uuid } from 'uuid'
import { Failure, isUuid, notFound } from '@/core/contract/failure'
import {
  type ChannelKind,
  channelAddress,
  type NotificationChannelView,
  type NotificationKind,
  notificationLimits,
} from '@/core/notifications/notification'
import { isUniqueViolation, type Store, type Tx, transaction } from '@/server/db/client'
import { announce } from '@/server/db/notify'
import { channelPlace } from '@/server/lib/seal'
import { type Author, audit } from '@/server/store/records/audit'

interface ChannelInput {
  name: string
  kind: ChannelKind
  events: NotificationKind[]
}

const problem = (path: string, message: string) => new Failure('bad-input', message, { fields: [{ path, message }] })

/** The names of channels are unique. */
async function named<T>(name: string, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (isUniqueViolation(error)) throw problem('name', `There is a channel “${name}” already`)
    throw error
  }
}

/** The channel gets what happens from now on. */
export function createChannel(
  store: Store,
  author: Author,
  input: ChannelInput & { url: string; secret: string | null; linkOrigin: string },
): Promise<{ id: string }> {
  const id = uuid()
  const work = transaction(store, async (tx) => {
    await tx.query('lock table notification_channels in share row exclusive mode')
    const { rows } = await tx.query<{ count: number }>('select count(*)::int as count from notification_channels')
    if ((rows[0]?.count ?? 0) >= notificationLimits.channels)
      throw new Failure('conflict', `There are ${notificationLimits.channels} channels, the most that there can be`)
    await tx.query(
      `insert into notification_channels (id, name, kind, url_sealed, url_hint, secret_sealed, events, link_origin, created_by)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
      [
        id,
        input.name,
        input.kind,
        store.sealer.seal({ url: input.url }, channelPlace(id, 'url')),
        channelAddress(input.url),
        secretOf(store, id, input),
        input.events,
        input.linkOrigin,
        author.name,
      ],
    )
    await written(tx, author, id, { action: 'create', after: await auditedOf(tx, id) })
    return { id }
  })
  return named(input.name, work)
}

const secretOf = (
  store: Store,
  id: string,
  { kind, secret }: { kind: ChannelKind; secret: string | null },
): Buffer | null =>
  kind === 'webhook' && secret !== null ? store.sealer.seal({ secret }, channelPlace(id, 'secret')) : null

/** An address or secret that is left out stays as it is; a secret of null is no secret any more. */
export function updateChannel(
  store: Store,
  author: Author,
  id: string,
  input: ChannelInput & { url?: string | undefined; secret?: string | null | undefined; linkOrigin: string },
): Promise<void> {
  const work = transaction(store, async (tx) => {
    const before = await auditedOf(tx, id)
    const { url, secret } = input
    await tx.query(
      `update notification_channels set name = $2, kind = $3, events = $4, link_origin = $5, updated_at = now(),
         url_sealed = coalesce($6, url_sealed), url_hint = coalesce($7, url_hint),
         secret_sealed = case when $3 = 'slack' or $8 then null else coalesce($9, secret_sealed) end,
         next_try_at = null
       where id = $1`,
      [
        id,
        input.name,
        input.kind,
        input.events,
        input.linkOrigin,
        url === undefined ? null : store.sealer.seal({ url }, channelPlace(id, 'url')),
        url === undefined ? null : channelAddress(url),
        secret === null,
        secret ? secretOf(store, id, { kind: input.kind, secret }) : null,
      ],
    )
    const after = await auditedOf(tx, id)
    // That these became others is worth knowing, what they are must not be known.
    const renewed = { ...(url !== undefined && { newAddress: true }), ...(secret && { newSecret: true }) }
    await written(tx, author, id, { action: 'update', before, after: { ...after, ...renewed } })
  })
  return named(input.name, work)
}

/** While it is paused nothing is kept for it: it goes on with what happens from then on. */
export const pauseChannel = (store: Store, author: Author, { id, paused }: { id: string; paused: boolean }) =>
  transaction(store, async (tx) => {
    const { name, pausedAt } = await lockChannel(tx, id)
    if ((pausedAt !== null) === paused) return
    await tx.query(
      paused
        ? `update notification_channels set paused_at = now(), updated_at = now() where id = $1`
        : `update notification_channels set paused_at = null, updated_at = now(), read_until = now(), delivery_id = null,
             sending_until = null, attempts = 0, next_try_at = null, failing_since = null, last_error = null, waiting = 0
           where id = $1`,
      [id],
    )
    await written(tx, author, id, { action: paused ? 'pause' : 'resume', before: { name } })
  })

export const deleteChannel = (store: Store, author: Author, id: string): Promise<void> =>
  transaction(store, async (tx) => {
    const before = await auditedOf(tx, id)
    await tx.query('delete from notification_channels where id = $1', [id])
    await written(tx, author, id, { action: 'delete', before })
  })

/** Somebody tried it; when it worked, what waits is sent without waiting for its next turn. */
export const noteTest = (
  store: Store,
  author: Author,
  { id, name, ok }: { id: string; name: string; ok: boolean },
): Promise<void> =>
  transaction(store, async (tx) => {
    if (ok) await tx.query('update notification_channels set next_try_at = null where id = $1', [id])
    await written(tx, author, id, { action: 'test', after: { name, delivered: ok } })
  })

async function lockChannel(tx: Tx, id: string): Promise<{ name: string; pausedAt: Date | null }> {
  if (!isUuid(id)) throw notFound('notification channel', id)
  const { rows } = await tx.query<{ name: string; pausedAt: Date | null }>(
    'select name, paused_at as "pausedAt" from notification_channels where id = $1 for update',
    [id],
  )
  if (!rows[0]) throw notFound('notification channel', id)
  return rows[0]
}

/** What the audit log may say of it. Locks the row. */
async function auditedOf(tx: Tx, id: string): Promise<Record<string, unknown>> {
  await lockChannel(tx, id)
  const { rows } = await tx.query<Record<string, unknown>>(
    `select name, kind, split_part(url_hint, '/', 1) as host, events, secret_sealed is not null as signed
     from notification_channels where id = $1`,
    [id],
  )
  return rows[0] ?? {}
}

interface Written {
  action: 'create' | 'update' | 'pause' | 'resume' | 'test' | 'delete'
  before?: Record<string, unknown>
  after?: Record<string, unknown>
}

async function written(tx: Tx, author: Author, id: string, { action, ...rest }: Written): Promise<void> {
  const subject = { subjectType: 'notification-channel', subjectId: id } as const
  await audit(tx, author, { action: `notification-channel.${action}`, ...subject, ...rest })
  await announce(tx, [{ topic: 'setting', ids: [] }])
}

interface ChannelRow {
  id: string
  name: string
  kind: ChannelKind
  urlHint: string
  signed: boolean
  events: NotificationKind[]
  pausedAt: Date | null
  lastDeliveredAt: Date | null
  failingSince: Date | null
  lastError: string | null
  nextTryAt: Date | null
  waiting: number
  createdBy: string
  createdAt: Date
}

/** By name. */
export async function listChannels(store: Store): Promise<NotificationChannelView[]> {
  const { rows } = await store.pool.query<ChannelRow>(
    `select id, name, kind, url_hint as "urlHint", secret_sealed is not null as signed, events, paused_at as "pausedAt",
       last_delivered_at as "lastDeliveredAt", failing_since as "failingSince", last_error as "lastError",
       next_try_at as "nextTryAt", waiting, created_by as "createdBy", created_at as "createdAt"
     from notification_channels order by lower(name), id`,
  )
  return rows.map(({ urlHint, failingSince, lastError, nextTryAt, ...row }) => ({
    ...row,
    address: urlHint,
    pausedAt: row.pausedAt?.toISOString() ?? null,
    lastDeliveredAt: row.lastDeliveredAt?.toISOString() ?? null,
    failing: failingSince && {
      since: failingSince.toISOString(),
      error: lastError ?? '',
      nextTryAt: nextTryAt?.toISOString() ?? null,
    },
    createdAt: row.createdAt.toISOString(),
  }))
}

interface ChannelReceiver {
  id: string
  name: string
  linkOrigin: string
  kind: ChannelKind
  url: string
  secret: string | null
}

interface SealedRow extends Omit<ChannelReceiver, 'url' | 'secret'> {
  urlSealed: Buffer
  secretSealed: Buffer | null
}

/** The address and the secret in the clear, for who sends. */
export async function readReceiver(store: Store, id: string): Promise<ChannelReceiver> {
  if (!isUuid(id)) throw notFound('notification channel', id)
  const { rows } = await store.pool.query<SealedRow>(
    `select id, name, kind, link_origin as "linkOrigin", url_sealed as "urlSealed", secret_sealed as "secretSealed"
     from notification_channels where id = $1`,
    [id],
  )
  if (!rows[0]) throw notFound('notification channel', id)
  const { urlSealed, secretSealed, ...row } = rows[0]
  const { url, secret } = openBoth(store, rows[0])
  return { ...row, url, secret }
}

function openBoth({ sealer }: Store, { id, urlSealed, secretSealed }: SealedRow) {
  try {
    const { url } = sealer.open(urlSealed, channelPlace(id, 'url'))
    if (url === undefined) throw new Error('no address')
    return { url, secret: (secretSealed && sealer.open(secretSealed, channelPlace(id, 'secret')).secret) ?? null }
  } catch {
    throw new Failure('conflict', 'It was sealed with a key that secrets.json does not hold: give the address anew')
  }
}
