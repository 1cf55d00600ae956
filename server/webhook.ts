/** One HTTP call to where somebody wants to hear of events, and what became of it. */
import { type ChannelKind, type DeliveryOutcome, notificationLimits } from './domain/notification'
import { bodyOf, type NotificationMessage } from './domain/notification-message'
import { signatureOf } from './webhook-signature'

export interface Receiver {
  kind: ChannelKind
  url: string
  secret: string | null
}

/** Of an answer so many characters are looked at. */
const shownLength = 200
const longestRetryAfterMs = 3_600_000

/** Never throws. Redirects are not followed: they would carry the message to a place that nobody chose. */
export async function sendMessage(
  receiver: Receiver,
  message: NotificationMessage,
  { now, signal }: { now: Date; signal: AbortSignal },
): Promise<DeliveryOutcome> {
  const begun = performance.now()
  const outcome = (rest: Partial<DeliveryOutcome>): DeliveryOutcome => ({
    ...{ ok: false, status: null, error: null, retryAfterMs: null },
    ...rest,
    tookMs: Math.round(performance.now() - begun),
  })
  const deadline = startDeadline(signal)
  try {
    const response = await post(receiver, message, { now, signal: deadline.signal })
    const words = await wordsOf(response)
    if (response.ok) return outcome({ ok: true, status: response.status })
    const error = withoutSecrets(answerSentence(response, words), receiver.url)
    return outcome({ status: response.status, error, retryAfterMs: retryAfterMs(response, now) })
  } catch (error) {
    return outcome({ error: withoutSecrets(failureSentence(error), receiver.url) })
  } finally {
    deadline.end()
  }
}

/** By hand: a signal of AbortSignal.timeout that only AbortSignal.any refers to may be collected before its time comes. */
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
  { now, signal }: { now: Date; signal: AbortSignal },
): Promise<Response> {
  const target = new URL(url)
  const credentials = `${decodeURIComponent(target.username)}:${decodeURIComponent(target.password)}`
  target.username = ''
  target.password = ''
  target.hash = ''
  const body = bodyOf(kind, message)
  const timestamp = Math.floor(now.getTime() / 1000)
  return fetch(target, {
    method: 'POST',
    body,
    redirect: 'manual',
    cache: 'no-store',
    signal,
    headers: {
      'content-type': 'application/json',
      'user-agent': 'Fogdeck',
      'webhook-id': message.deliveryId,
      'webhook-timestamp': String(timestamp),
      ...(secret !== null && { 'webhook-signature': signatureOf(secret, { id: message.deliveryId, timestamp, body }) }),
      ...(credentials !== ':' && { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` }),
    },
  })
}

/** The beginning of what it answered; the rest is not waited for. */
async function wordsOf(response: Response): Promise<string> {
  let text = ''
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  while (reader && text.length < 4 * shownLength) {
    const { done, value } = await reader.read()
    if (done) break
    text += value
  }
  await reader?.cancel().catch(() => undefined)
  const isPage = response.headers.get('content-type')?.includes('html') || text.trimStart().startsWith('<')
  const words = (isPage ? withoutMarkup(text) : text).replace(/[\s\p{Cc}]+/gu, ' ').trim()
  return words.length > shownLength ? `${words.slice(0, shownLength)}…` : words
}

const withoutMarkup = (page: string): string =>
  page.replace(/<(head|style|script)\b[\s\S]*?(<\/\1>|$)/gi, ' ').replace(/<[^>]*>?/g, ' ')

function answerSentence(response: Response, words: string): string {
  if (response.status >= 300 && response.status < 400)
    return `It answered ${response.status} and points elsewhere, which is not followed: give the address itself`
  const named = `It answered ${response.status}${response.statusText === '' ? '' : ` ${response.statusText}`}`
  return words === '' ? named : `${named}: ${words}`
}

function retryAfterMs({ headers }: Response, now: Date): number | null {
  const text = headers.get('retry-after') ?? ''
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now.getTime()
  return ms > 0 ? Math.min(ms, longestRetryAfterMs) : null
}

/** `fetch` says no more than that it failed; what says why is the cause, or the first of its causes. */
function failureSentence(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause instanceof AggregateError ? error.cause.errors[0] : error.cause
  const message = cause instanceof Error && cause.message !== '' ? cause.message : error.message
  return message.charAt(0).toUpperCase() + message.slice(1)
}

/** Answers often repeat the path that was asked for, and here that is what must not be seen. */
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
