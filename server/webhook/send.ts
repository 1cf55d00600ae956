/** One HTTP call to the receiver of a webhook, and its outcome. */
import http, { STATUS_CODES } from 'node:http'
import https from 'node:https'
import { bodyOf, type NotificationMessage } from '@/core/notifications/message'
import { type ChannelKind, type DeliveryOutcome, notificationLimits } from '@/core/notifications/notification'
import type { AddressList } from '@/server/lib/addresses'
import { guardedLookup, requireAllowedHost } from './address'
import { signatureOf } from './signature'

interface Receiver {
  kind: ChannelKind
  url: string
  secret: string | null
}

const longestRetryAfterMs = 3_600_000

/** The address of a message and the time at which it is sent. */
interface Sending {
  now: Date
  signal: AbortSignal
  /** Addresses that are called although they are refused by default. */
  allowed: AddressList
}

/** The parts of an answer that are used; everything else is ignored. */
interface Answer {
  status: number
  retryAfter: string
}

/** Never throws. Redirects are not followed: they would carry the message to a place that nobody chose. */
export async function sendMessage(
  receiver: Receiver,
  message: NotificationMessage,
  { now, signal, allowed }: Sending,
): Promise<DeliveryOutcome> {
  const begun = performance.now()
  const outcome = (rest: Partial<DeliveryOutcome>): DeliveryOutcome => ({
    ...{ ok: false, status: null, error: null, retryAfterMs: null },
    ...rest,
    tookMs: Math.round(performance.now() - begun),
  })
  const deadline = startDeadline(signal)
  try {
    const { status, retryAfter } = await post(receiver, message, { now, signal: deadline.signal, allowed })
    if (status >= 200 && status < 300) return outcome({ ok: true, status })
    return outcome({ status, error: answerSentence(status), retryAfterMs: retryAfterMs(retryAfter, now) })
  } catch (error) {
    return outcome({ error: withoutSecrets(failureSentence(error), receiver.url) })
  } finally {
    deadline.end()
  }
}

/**
 * By hand: a signal of AbortSignal.timeout that only AbortSignal.any refers to may be collected before its time comes.
 */
function startDeadline(outer: AbortSignal): { signal: AbortSignal; end: () => void } {
  const cut = new AbortController()
  const stop = () => cut.abort(outer.reason)
  const timer = setTimeout(
    () => cut.abort(new Error(`No answer within ${notificationLimits.timeoutMs / 1000} s`)),
    notificationLimits.timeoutMs,
  )
  outer.addEventListener('abort', stop)
  if (outer.aborted) stop()
  return {
    signal: cut.signal,
    end: () => {
      clearTimeout(timer)
      outer.removeEventListener('abort', stop)
    },
  }
}

function post(
  { kind, url, secret }: Receiver,
  message: NotificationMessage,
  { now, signal, allowed }: Sending,
): Promise<Answer> {
  const { protocol, username, password, hostname, port, pathname, search } = new URL(url)
  requireAllowedHost(hostname, allowed)
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  const body = bodyOf(kind, message)
  const timestamp = Math.floor(now.getTime() / 1000)
  return new Promise((resolve, reject) => {
    const call = (protocol === 'https:' ? https : http).request({
      method: 'POST',
      hostname: hostname.replace(/^\[(.*)\]$/, '$1'),
      port,
      path: `${pathname}${search}`,
      lookup: guardedLookup(allowed),
      // A connection of its own: one that is kept may lead to an address that nobody looked at for this message.
      agent: false,
      signal,
      headers: {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        'user-agent': 'Fogdeck',
        'webhook-id': message.deliveryId,
        'webhook-timestamp': String(timestamp),
        ...(secret !== null && {
          'webhook-signature': signatureOf(secret, { id: message.deliveryId, timestamp, body }),
        }),
        ...(credentials !== ':' && { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` }),
      },
    })
    call.on('error', (error) => reject(signal.aborted ? signal.reason : error))
    call.on('response', ({ statusCode = 0, headers }) => {
      resolve({ status: statusCode, retryAfter: headers['retry-after'] ?? '' })
      call.destroy()
    })
    call.end(body)
  })
}

function answerSentence(status: number): string {
  if (status >= 300 && status < 400)
    return `It answered ${status} and points elsewhere, which is not followed: give the address itself`
  const name = STATUS_CODES[status]
  return `It answered ${status}${name === undefined ? '' : ` ${name}`}`
}

function retryAfterMs(text: string, now: Date): number | null {
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now.getTime()
  return ms > 0 ? Math.min(ms, longestRetryAfterMs) : null
}

/** A name with several addresses fails with a cause for each: the first says why. */
function failureSentence(error: unknown): string {
  const first = error instanceof AggregateError ? error.errors[0] : error
  if (!(first instanceof Error)) return String(first)
  return first.message.charAt(0).toUpperCase() + first.message.slice(1)
}

/** Where messages go is a secret: words about what went wrong must not repeat it. */
function withoutSecrets(sentence: string, url: string): string {
  const { href, pathname, search, username, password } = new URL(url)
  const parts = [...pathname.split('/'), ...search.slice(1).split(/[=&]/), username, password]
  const secrets = [href, `${pathname}${search}`, pathname, search, ...parts.filter((part) => part.length >= 6)]
  return secrets
    .flatMap((secret) => [secret, decoded(secret)])
    .filter((secret) => secret.length > 1)
    .sort((one, other) => other.length - one.length)
    .reduce((text, secret) => text.replaceAll(secret, '…'), sentence)
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
