/** Events that are sent to where people look: which there are, and where they go. */

/** A webhook gets JSON, signed if it likes; a Slack one gets `{"text"}`, which Mattermost and Discord take, too. */
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
  /** The same however often it is read: "node:42". */
  id: string
  kind: NotificationKind
  /** ISO 8601 */
  at: string
  subject: { type: 'deployment' | 'node' | 'region'; id: string | null; name: string }
  detail: string
}

export const notificationLimits = {
  channels: 50,
  /** Listed in one message, the newest ones; the others are counted. */
  listedEvents: 20,
  timeoutMs: 10_000,
  /** What a channel could not take for so long is dropped. */
  keptDays: 7,
  /** Characters */
  name: 100,
  url: 2_000,
  secret: { min: 16, max: 200 },
}

/** Between attempts at a message: from ten seconds to ten minutes. */
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
  /** Of the message that is tried again and again; null while messages are taken. */
  failing: { since: string; error: string; nextTryAt: string | null } | null
  /** Events that were not delivered yet, as of the last attempt. */
  waiting: number
  createdBy: string
  createdAt: string
}

/** What became of one attempt. */
export interface DeliveryOutcome {
  ok: boolean
  /** HTTP status; null when there was no answer. */
  status: number | null
  /** What went wrong, with the words of the other side; null when nothing did. */
  error: string | null
  tookMs: number
  /** The other side asked not to be called before. */
  retryAfterMs: number | null
}

/** What is wrong with an address, as a sentence; null when nothing is. */
export function channelUrlProblem(text: string): string | null {
  if (text === '') return 'Give the address that messages are sent to'
  if (text.length > notificationLimits.url) return `At most ${notificationLimits.url} characters`
  if (!URL.canParse(text)) return 'This is no address: it must look like https://hooks.example.org/…'
  const { protocol } = new URL(text)
  return protocol === 'https:' || protocol === 'http:' ? null : 'The address must begin with https:// or http://'
}

/** So long a path may show its last characters without giving it away. */
const longPath = 16

/** As much of an address as may be seen: the host, and the end of what is long enough to stay secret. */
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
