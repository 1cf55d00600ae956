import type { Look } from '@/app/ui/status/status'
import type { ChannelKind, NotificationChannelView, NotificationKind } from '@/core/notifications/notification'

/** What can be told of; a kind of event that is added does not compile until it has words here. */
export const eventWords: Record<NotificationKind, string> = {
  'deployment.failed': 'A deployment fails',
  'deployment.recovered': 'A deployment that had failed runs again',
  'deployment.unhealthy': 'A health check of a deployment fails',
  'node.offline': 'A node goes offline',
  'node.online': 'A node comes back',
  'storm.began': 'The storm brake takes hold of a region',
  'storm.ended': 'The storm brake lets go of a region',
  'work.stuck': 'Scheduling work is given up',
}

export const kindWords: Record<ChannelKind, { label: string; option: string; placeholder: string; hint: string }> = {
  webhook: {
    label: 'Webhook',
    option: 'Webhook: JSON for programs',
    placeholder: 'https://alerts.example.org/fogdeck',
    hint: 'Takes a POST with JSON.',
  },
  slack: {
    label: 'Slack',
    option: 'Slack, Mattermost or Discord',
    placeholder: 'https://hooks.slack.com/services/…',
    hint: 'The address of an incoming webhook; Discord’s needs /slack at its end.',
  },
}

/** What is most worth knowing of a channel. */
export function channelLook({ pausedAt, failing, lastDeliveredAt }: NotificationChannelView): Look {
  if (pausedAt !== null)
    return {
      label: 'Paused',
      glyph: 'stopped',
      tone: 'slate',
      explanation: 'Nothing is sent, and what happens meanwhile is not sent later.',
    }
  if (failing)
    return {
      label: 'Failing',
      glyph: 'failed',
      tone: 'failed',
      explanation: 'It does not take its message, which is tried again, less and less often.',
    }
  if (lastDeliveredAt === null)
    return {
      label: 'Ready',
      glyph: 'ready',
      tone: 'quiet',
      explanation: 'Nothing has happened yet that it is to tell.',
    }
  return { label: 'Delivering', glyph: 'running', tone: 'healthy', explanation: 'It took the last message.' }
}
