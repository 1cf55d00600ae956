import type { StatusStyle } from '@/app/ui/status/status'
import type { DeadLetterKind } from '@/core/queue/dead-letters'

export const deadLetterStyles: Record<DeadLetterKind, StatusStyle> = {
  dead: {
    label: 'Retries exhausted',
    icon: 'failed',
    color: 'failed',
    explanation: 'It went wrong at every attempt; its deployment has failed. A person has to try it again.',
  },
  retrying: {
    label: 'Retrying',
    icon: 'partial',
    color: 'degraded',
    explanation: 'It went wrong and is tried again by itself, after a pause that grows with each attempt.',
  },
  waiting: {
    label: 'Waits for capacity',
    icon: 'waiting',
    color: 'progressing',
    explanation: 'It does not fit on any node now, and is tried again the moment capacity appears.',
  },
}
