/** Builds messages for channels. A message has the same text at every attempt. */
import type { ChannelKind, NotificationEvent, NotificationKind } from './notification'

export interface NotificationMessage {
  deliveryId: string
  type: 'events' | 'test'
  channel: { id: string; name: string }
  /** Prefix of links: https://fogdeck.example.org */
  linkOrigin: string
  /** The newest events by time; at most `listedEvents` of notificationLimits. */
  events: NotificationEvent[]
  /** Total number of events. */
  total: number
}

const detailLength = 300
/** Discord accepts 2,000 characters. */
const slackLength = 1_900

const clip = (text: string, length: number): string => (text.length <= length ? text : `${text.slice(0, length - 1)}…`)

const headlines: Record<NotificationKind, (name: string) => string> = {
  'deployment.failed': (name) => `Deployment ${name} failed`,
  'deployment.recovered': (name) => `Deployment ${name} runs again`,
  'deployment.unhealthy': (name) => `Deployment ${name} is unhealthy`,
  'node.offline': (name) => `Node ${name} is offline`,
  'node.online': (name) => `Node ${name} is back`,
  'storm.began': (name) => `Outage protection of ${name} is active`,
  'storm.ended': (name) => `Outage protection of ${name} is lifted`,
  'work.stuck': (name) => `Scheduling work of ${name} was given up`,
}

/** Describes an event in one line. */
const sentence = ({ kind, subject, detail }: NotificationEvent, name = subject.name): string =>
  `${headlines[kind](name)}${detail === '' ? '' : `: ${clip(detail, detailLength)}`}`

function link({ subject }: NotificationEvent, origin: string): string {
  if (subject.id === null) return `${origin}/nodes`
  return `${origin}/${subject.type === 'deployment' ? 'deployments' : 'nodes'}/${subject.id}`
}

const testSentence = ({ channel }: NotificationMessage): string =>
  `This is a test of the notification channel “${channel.name}”. It can be reached.`

/** Returns the request body for a channel. */
export const bodyOf = (kind: ChannelKind, message: NotificationMessage): string =>
  JSON.stringify(kind === 'slack' ? { text: slackText(message) } : webhookBody(message))

function webhookBody(message: NotificationMessage) {
  const { deliveryId, type, channel, events, total, linkOrigin } = message
  return {
    delivery_id: deliveryId,
    type,
    channel,
    text: type === 'test' ? testSentence(message) : summaryText(message),
    events: events.map((event) => ({
      ...event,
      detail: clip(event.detail, detailLength),
      text: sentence(event),
      url: link(event, linkOrigin),
    })),
    more: total - events.length,
  }
}

function summaryText({ events, total }: NotificationMessage): string {
  const [only] = events
  return total === 1 && only ? sentence(only) : `${total} events`
}

/** Escapes the three characters that are special in Slack messages. */
const escaped = (text: string): string => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;')

/** One line per event; lists as many of the newest as fit. */
function slackText(message: NotificationMessage): string {
  if (message.type === 'test') return `*Fogdeck*: ${escaped(testSentence(message))}`
  const lines: string[] = []
  let room = slackLength
  for (const event of message.events.toReversed()) {
    const line = slackLine(event, message.linkOrigin)
    room -= line.length + 1
    if (room < 0 && lines.length > 0) break
    lines.unshift(line)
  }
  const more = message.total - lines.length
  const [only] = lines
  if (message.total === 1 && only) return `*Fogdeck*: ${only}`
  const heading = `*Fogdeck*: ${message.total} events`
  return [heading, ...lines.map((line) => `• ${line}`), ...(more > 0 ? [`and ${more} more before these`] : [])].join(
    '\n',
  )
}

function slackLine(event: NotificationEvent, origin: string): string {
  const clipped = { ...event, subject: { ...event.subject, name: escaped(event.subject.name) } }
  const linked = `<${link(event, origin)}|${clipped.subject.name}>`
  return `${sentence({ ...clipped, detail: escaped(clip(event.detail, detailLength)) }, linked)} (${minuteOf(event.at)})`
}

const minuteOf = (at: string): string => `${at.slice(0, 10)} ${at.slice(11, 16)} UTC`

export const testMessage = (
  channel: NotificationMessage['channel'],
  { deliveryId, linkOrigin }: { deliveryId: string; linkOrigin: string },
): NotificationMessage => ({ deliveryId, type: 'test', channel, linkOrigin, events: [], total: 0 })

export const eventsMessage = (
  channel: NotificationMessage['channel'],
  rest: Pick<NotificationMessage, 'deliveryId' | 'linkOrigin' | 'events' | 'total'>,
): NotificationMessage => ({ type: 'events', channel, ...rest })
