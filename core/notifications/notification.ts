/** Notifications: the kinds of events, and the channels that they are sent to. */

/** A webhook receives JSON, signed on request; a Slack channel receives `{"text"}`, as do Mattermost and Discord. */
export const channelKinds = ['webhook', 'slack'] as const
export type ChannelKind = (typeof channelKinds)[number]

export const notificationKinds = [
  'deployment.failed',
  'deployment.recovered',
  'deployment.unhealthy',
  'node.offline',
  'node.online',
  'storm.began',
  'storm.ended',
  'work.stuck',
] as const
export type NotificationKind = (typeof notificationKinds)[number]

export interface NotificationEvent {
  /** Stable id: "node:42". */
  id: string
  kind: NotificationKind
  /** ISO 8601 */
  at: string
  subject: { type: 'deployment' | 'node' | 'region'; id: string | null; name: string }
  detail: string
}

export const notificationLimits = {
  channels: 50,
  /** Maximum number of events listed in one message, newest ones; the others are only counted. */
  listedEvents: 20,
  timeoutMs: 10_000,
  /** Undelivered events are dropped after this time. */
  keptDays: 7,
  /** Characters */
  name: 100,
  url: 2_000,
  secret: { min: 16, max: 200 },
}

/** Back-off between attempts to deliver a message. */
export const notificationPause = { firstMs: 10_000, maxMs: 600_000 }

export interface NotificationChannelView {
  id: string
  name: string
  kind: ChannelKind
  /** The host and the last characters of the address: "hooks.slack.com/…x7Qa" */
  address: string
  signed: boolean
  events: NotificationKind[]
  /** Times are ISO 8601. */
  pausedAt: string | null
  lastDeliveredAt: string | null
  /** The message that is being retried; null while deliveries succeed. */
  failing: { since: string; error: string; nextTryAt: string | null } | null
  /** Number of undelivered events at the last attempt. */
  waiting: number
  createdBy: string
  createdAt: string
}

/** The outcome of one attempt. */
export interface DeliveryOutcome {
  ok: boolean
  /** HTTP status; null when there was no response. */
  status: number | null
  /** What went wrong, with the receiver's message; null on success. */
  error: string | null
  tookMs: number
  /** Delay that the receiver asked for; null when it did not. */
  retryAfterMs: number | null
}

/** Returns what is wrong with an address, as a sentence; null when it is valid. */
export function channelUrlProblem(text: string): string | null {
  if (text === '') return 'Give the address that messages are sent to'
  if (text.length > notificationLimits.url) return `At most ${notificationLimits.url} characters`
  if (!URL.canParse(text)) return 'This is no address: it must look like https://hooks.example.org/…'
  const { protocol } = new URL(text)
  return protocol === 'https:' || protocol === 'http:' ? null : 'The address must begin with https:// or http://'
}

/** A path of at least this length may show its last characters without revealing the secret. */
const longPath = 16

/** Returns the visible part of an address: the host, and the last characters of a path that is long enough. */
export function channelAddress(url: string): string {
  const { host, pathname, search } = new URL(url)
  const rest = `${pathname}${search}`
  if (rest === '/') return host
  return rest.length < longPath ? `${host}/…` : `${host}/…${rest.slice(-4)}`
}

export function channelSecretProblem(secret: string): string | null {
  const { min, max } = notificationLimits.secret
  if (secret.length < min || secret.length > max) return `The secret must have ${min} to ${max} characters`
  if (secret.startsWith('whsec_') && !/^whsec_[A-Za-z0-9+/]{16,}={0,2}$/.test(secret))
    return 'What follows whsec_ must be base64'
  return null
}
