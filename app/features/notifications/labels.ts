import type { StatusStyle } from '@/app/ui/status/status'
import type { ChannelKind, NotificationChannelView, NotificationKind } from '@/core/notifications/notification'

/** What can be told of; a kind of event that is added does not compile until it has words here. */
export const eventLabels: Record<NotificationKind, string> = {
  'deployment.failed': 'A deployment fails',
  'deployment.recovered': 'A deployment that had failed runs again',
  'deployment.unhealthy': 'A health check of a deployment fails',
  'node.offline': 'A node goes offline',
  'node.online': 'A node comes back',
  'storm.began': 'Outage protection of a region becomes active',
  'storm.ended': 'Outage protection of a region is lifted',
  'work.stuck': 'Scheduling work is given up',
}

export const kindLabels: Record<ChannelKind, { label: string; option: string; placeholder: string; hint: string }> = {
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
export function channelStyle({ pausedAt, failing, lastDeliveredAt }: NotificationChannelView): StatusStyle {
  if (pausedAt !== null)
    return {
      label: 'Paused',
      icon: 'stopped',
      color: 'slate',
      explanation: 'Nothing is sent, and what happens meanwhile is not sent later.',
    }
  if (failing)
    return {
      label: 'Failing',
      icon: 'failed',
      color: 'failed',
      explanation: 'It does not take its message, which is tried again, less and less often.',
    }
  if (lastDeliveredAt === null)
    return {
      label: 'Ready',
      icon: 'ready',
      color: 'quiet',
      explanation: 'Nothing has happened yet that it is to tell.',
    }
  return { label: 'Delivering', icon: 'running', color: 'healthy', explanation: 'It took the last message.' }
}
