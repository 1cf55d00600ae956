import type { StatusStyle } from '@/app/ui/status/status'
import type { DeadLetterKind } from '@/core/queue/dead-letters'

export const deadLetterStyles: Record<DeadLetterKind, StatusStyle> = {
  dead: {
    label: 'Retries exhausted',
    icon: 'failed',
    color: 'failed',
    explanation: 'Every attempt failed, and so did the deployment. Retry it manually.',
  },
  retrying: {
    label: 'Retrying',
    icon: 'partial',
    color: 'degraded',
    explanation: 'The attempt failed and is retried automatically, with growing pauses.',
  },
  waiting: {
    label: 'Waits for capacity',
    icon: 'waiting',
    color: 'progressing',
    explanation: 'It fits no node right now. It is retried as soon as there is capacity.',
  },
}
