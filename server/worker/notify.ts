import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Failure } from '@/core/contract/failure'
import { backoffMs } from '@/core/lib/backoff'
import { chanceOf } from '@/core/lib/chance'
import { eventsMessage } from '@/core/notifications/message'
import {
  type DeliveryOutcome,
  type NotificationEvent,
  notificationLimits,
  notificationPause,
} from '@/core/notifications/notification'
import type { Store } from '@/server/db/client'
import type { AddressList } from '@/server/lib/addresses'
import type { Logger } from '@/server/lib/log'
import { StaleLeaderError } from '@/server/store/leader/leadership'
import { readReceiver } from '@/server/store/notifications/channels'
import {
  beginMessage,
  type DueChannel,
  dueChannels,
  messageDelivered,
  messageFailed,
  skipQuiet,
} from '@/server/store/notifications/deliveries'
import { readEvents, settledMoment } from '@/server/store/notifications/events'
import { sendMessage } from '@/server/webhook/send'

const inspectMs = 2_000
/** How often the position of a channel without events is saved, in milliseconds. */
const skipFromMs = 10_000
const keptMs = notificationLimits.keptDays * 86_400_000

interface Notifying {
  store: Store
  log: Logger
  epoch: bigint
  /** Addresses that are allowed although they are refused by default. */
  webhookAddresses: AddressList
  /** The base address of links; null for the address at which the channel was created. */
  publicUrl: string | null
}

/** A message that is being delivered, with its events. */
interface Begun {
  channel: DueChannel
  deliveryId: string
  events: NotificationEvent[]
  total: number
  /** Including events since then. */
  waiting: number
}

/**
 * Sends notifications while this scheduler leads. Events are read for one channel after the other, so that this uses
 * only one connection of the scheduler; messages are then sent independently, so that a slow receiver doesn't delay
 * others.
 */
export async function runNotifications(notifying: Notifying, signal: AbortSignal): Promise<void> {
  const underWay = new Map<string, Promise<void>>()
  while (!signal.aborted) {
    try {
      for (const begun of await beginDue(notifying, underWay)) {
        const { id } = begun.channel
        const work = deliver(notifying, begun, signal)
          .catch((error: unknown) => complain(notifying, error))
          .finally(() => underWay.delete(id))
        underWay.set(id, work)
      }
    } catch (error) {
      if (error instanceof StaleLeaderError) throw error
      complain(notifying, error)
    }
    await sleep(inspectMs, undefined, { signal }).catch(() => undefined)
  }
  await Promise.allSettled(underWay.values())
}

/**
 * A failed notification must not disturb scheduling. StaleLeaderError is ignored, because the scheduler notices the end
 * of its term by itself.
 */
function complain({ log }: Notifying, error: unknown): void {
  if (!(error instanceof StaleLeaderError)) log.warn({ err: error }, 'Notifications have to wait for their next turn')
}

async function beginDue(notifying: Notifying, underWay: ReadonlyMap<string, unknown>): Promise<Begun[]> {
  const { store, epoch } = notifying
  const channels = (await dueChannels(store)).filter(({ id }) => !underWay.has(id))
  if (channels.length === 0) return []
  const settled = await settledMoment(store)
  const begun: Begun[] = []
  const quiet: string[] = []
  for (const channel of channels) {
    const message = await begin(notifying, channel, settled)
    if (message) begun.push(message)
    else if (channel.readUntil.getTime() < settled.getTime() - skipFromMs) quiet.push(channel.id)
  }
  await skipQuiet(store, epoch, { ids: quiet, to: settled })
  return begun
}

/** Continues the message that was begun before; otherwise begins a new one if there is something to send. */
function begin(notifying: Notifying, channel: DueChannel, settled: Date): Promise<Begun | null> {
  const { deliveryId, sendingUntil } = channel
  return deliveryId && sendingUntil
    ? goOn(notifying, channel, { deliveryId, sendingUntil, settled })
    : beginAnew(notifying, channel, settled)
}

async function beginAnew({ store, epoch }: Notifying, channel: DueChannel, settled: Date): Promise<Begun | null> {
  const { id: channelId, readUntil, events: kinds } = channel
  const from = new Date(Math.max(readUntil.getTime(), settled.getTime() - keptMs))
  const read = await readEvents(store, { from, to: settled, kinds }, notificationLimits.listedEvents)
  if (read.total === 0) return null
  const deliveryId = randomUUID()
  const message = { channelId, deliveryId, readUntil, from, to: settled, waiting: read.total }
  if (!(await beginMessage(store, epoch, message))) return null
  return { channel, deliveryId, ...read, waiting: read.total }
}

async function goOn(
  { store, epoch }: Notifying,
  channel: DueChannel,
  { deliveryId, sendingUntil, settled }: { deliveryId: string; sendingUntil: Date; settled: Date },
): Promise<Begun | null> {
  const { id: channelId, readUntil, events: kinds } = channel
  const read = await readEvents(store, { from: readUntil, to: sendingUntil, kinds }, notificationLimits.listedEvents)
  if (read.total === 0) {
    // All events were resolved meanwhile, or the channel is no longer subscribed to them.
    await messageDelivered(store, epoch, { channelId, deliveryId, sent: false })
    return null
  }
  const since = new Date(Math.max(sendingUntil.getTime(), settled.getTime() - keptMs))
  const later = await readEvents(store, { from: since, to: settled, kinds }, 1)
  return { channel, deliveryId, ...read, waiting: read.total + later.total }
}

async function deliver(notifying: Notifying, begun: Begun, signal: AbortSignal): Promise<void> {
  const { store, log, epoch } = notifying
  const { channel, deliveryId, events, total, waiting } = begun
  const attempt = { channelId: channel.id, deliveryId }
  const outcome = await send(notifying, { ...attempt, events, total }, signal)
  if (outcome.ok) {
    log.debug(attempt, `Notified of ${total} events within ${outcome.tookMs} ms`)
    return messageDelivered(store, epoch, { ...attempt, sent: true })
  }
  // The delivery was interrupted; the next leader sends the message again.
  if (signal.aborted) return
  log.warn(attempt, `A notification was not delivered: ${outcome.error}`)
  const failures = channel.attempts + 1
  const pauseMs = backoffMs(failures, notificationPause, chanceOf(deliveryId, failures))
  const delayMs = Math.max(pauseMs, outcome.retryAfterMs ?? 0)
  await messageFailed(store, epoch, { ...attempt, error: outcome.error ?? '', delayMs, waiting })
}

type Message = Pick<Parameters<typeof eventsMessage>[1], 'deliveryId' | 'events' | 'total'> & { channelId: string }

async function send(
  { store, webhookAddresses, publicUrl }: Notifying,
  { channelId, ...message }: Message,
  signal: AbortSignal,
): Promise<DeliveryOutcome> {
  try {
    const { id, name, linkOrigin, ...receiver } = await readReceiver(store, channelId)
    const text = eventsMessage({ id, name }, { ...message, linkOrigin: publicUrl ?? linkOrigin })
    return await sendMessage(receiver, text, { now: new Date(), signal, allowed: webhookAddresses })
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return { ok: false, status: null, error: error.message, tookMs: 0, retryAfterMs: null }
  }
}
