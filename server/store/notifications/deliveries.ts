/** The progress of each channel. Only the leading scheduler writes here; each write is fenced by its epoch. */
import type { NotificationKind } from '@/core/notifications/notification'
import { type Store, transaction } from '@/server/db/client'
import { announce } from '@/server/db/notify'
import { requireLeader } from '@/server/store/leader/leadership'

export interface DueChannel {
  id: string
  events: NotificationKind[]
  readUntil: Date
  /** The message in flight, if there is one. */
  deliveryId: string | null
  sendingUntil: Date | null
  attempts: number
}

/** The channels that may send now. */
export async function dueChannels(store: Store): Promise<DueChannel[]> {
  const { rows } = await store.pool.query<DueChannel>({
    name: 'due-notification-channels',
    text: `select id, events, read_until as "readUntil", delivery_id as "deliveryId", sending_until as "sendingUntil", attempts
      from notification_channels where paused_at is null and (next_try_at is null or next_try_at <= now()) order by id`,
  })
  return rows
}

interface BegunMessage {
  channelId: string
  deliveryId: string
  /** As it was read: another one means that somebody changed the channel meanwhile. */
  readUntil: Date
  from: Date
  to: Date
  waiting: number
}

/**
 * From here on the message has its id and its content, whoever sends it and however often. False: it is not to be sent.
 */
export const beginMessage = (store: Store, epoch: bigint, message: BegunMessage): Promise<boolean> =>
  transaction(store, async (tx) => {
    await requireLeader(tx, epoch)
    const { rowCount } = await tx.query(
      `update notification_channels set delivery_id = $2, read_until = $4, sending_until = $5, waiting = $6
       where id = $1 and read_until = $3 and delivery_id is null and paused_at is null`,
      [message.channelId, message.deliveryId, message.readUntil, message.from, message.to, message.waiting],
    )
    return rowCount === 1
  })

/** Nothing of these channels happened up to `to`. Written now and then only: looking again is cheap. */
export async function skipQuiet(store: Store, epoch: bigint, { ids, to }: { ids: string[]; to: Date }): Promise<void> {
  if (ids.length === 0) return
  await transaction(store, async (tx) => {
    await requireLeader(tx, epoch)
    await tx.query(
      `update notification_channels set read_until = $2
       where id = any($1::uuid[]) and delivery_id is null and read_until < $2::timestamptz`,
      [ids, to],
    )
  })
}

interface Attempt {
  channelId: string
  deliveryId: string
}

/** The message arrived, or there is nothing left to tell. A clock that was set back must not hide what comes next. */
export const messageDelivered = (
  store: Store,
  epoch: bigint,
  { channelId, deliveryId, sent }: Attempt & { sent: boolean },
): Promise<void> =>
  transaction(store, async (tx) => {
    await requireLeader(tx, epoch)
    await tx.query(
      `update notification_channels set read_until = least(sending_until, now()), delivery_id = null, sending_until = null,
         attempts = 0, next_try_at = null, failing_since = null, last_error = null, waiting = 0,
         last_delivered_at = case when $3 then now() else last_delivered_at end,
         delivered = delivered + case when $3 then 1 else 0 end
       where id = $1 and delivery_id = $2`,
      [channelId, deliveryId, sent],
    )
    await announce(tx, [{ topic: 'setting', ids: [] }])
  })

/** Records that the message failed; it is retried. */
export const messageFailed = (
  store: Store,
  epoch: bigint,
  attempt: Attempt & { error: string; delayMs: number; waiting: number },
): Promise<void> =>
  transaction(store, async (tx) => {
    await requireLeader(tx, epoch)
    await tx.query(
      `update notification_channels set attempts = attempts + 1, failed = failed + 1, last_error = $3, waiting = $5,
         failing_since = coalesce(failing_since, now()), next_try_at = now() + make_interval(secs => $4::float8 / 1000)
       where id = $1 and delivery_id = $2`,
      [attempt.channelId, attempt.deliveryId, attempt.error, attempt.delayMs, attempt.waiting],
    )
    await announce(tx, [{ topic: 'setting', ids: [] }])
  })

/** The figures of each channel for the metrics, by name. */
export async function channelCounts(
  store: Store,
): Promise<{ name: string; failing: boolean; paused: boolean; waiting: number; delivered: number; failed: number }[]> {
  const { rows } = await store.pool.query(
    `select name, failing_since is not null and paused_at is null as failing, paused_at is not null as paused, waiting,
       delivered::float8, failed::float8 from notification_channels order by name`,
  )
  return rows
}
