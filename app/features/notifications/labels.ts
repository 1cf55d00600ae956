import type { StatusStyle } from '@/app/ui/status/status'
import type { ChannelKind, NotificationChannelView, NotificationKind } from '@/core/notifications/notification'

/** A label for each kind of event; a new kind does not compile until it has one here. */
export const eventLabels: Record<NotificationKind, string> = {
  'deployment.failed': 'A deployment fails',
  'deployment.recovered': 'A failed deployment runs again',
  'deployment.unhealthy': 'A health check fails',
  'node.offline': 'A node goes offline',
  'node.online': 'A node comes back',
  'storm.began': 'Outage protection of a region becomes active',
  'storm.ended': 'Outage protection of a region is lifted',
  'work.stuck': 'Scheduling retries are exhausted',
}

export const kindLabels: Record<ChannelKind, { label: string; option: string; placeholder: string; hint: string }> = {
  webhook: {
    label: 'Webhook',
    option: 'Webhook: JSON for programs',
    placeholder: 'https://alerts.example.org/fogdeck',
    hint: 'Receives JSON by POST.',
  },
  slack: {
    label: 'Slack',
    option: 'Slack, Mattermost or Discord',
    placeholder: 'https://hooks.slack.com/services/…',
    hint: 'The address of an incoming webhook; Discord’s needs /slack at its end.',
  },
}

/** The most important state of a channel. */
export function channelStyle({ pausedAt, failing, lastDeliveredAt }: NotificationChannelView): StatusStyle {
  if (pausedAt !== null)
    return {
      label: 'Paused',
      icon: 'stopped',
      color: 'slate',
      explanation: 'No alerts are sent. Events during the pause are not sent later.',
    }
  if (failing)
    return {
      label: 'Failing',
      icon: 'failed',
      color: 'failed',
      explanation: 'The last delivery failed and is retried with growing pauses.',
    }
  if (lastDeliveredAt === null)
    return {
      label: 'Ready',
      icon: 'ready',
      color: 'quiet',
      explanation: 'No alerts to send yet.',
    }
  return { label: 'Delivering', icon: 'running', color: 'healthy', explanation: 'The last alert was delivered.' }
}
