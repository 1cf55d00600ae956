import type { Look } from '@/app/ui/status/status'
import type { StuckKind } from '@/core/queue/dead-letters'

export const stuckLooks: Record<StuckKind, Look> = {
  dead: {
    label: 'Given up',
    glyph: 'failed',
    tone: 'failed',
    explanation: 'It went wrong at every attempt; its deployment has failed. A person has to try it again.',
  },
  retrying: {
    label: 'Tried again later',
    glyph: 'partial',
    tone: 'degraded',
    explanation: 'It went wrong and is tried again by itself, after a pause that grows with each attempt.',
  },
  waiting: {
    label: 'Waits for capacity',
    glyph: 'waiting',
    tone: 'progressing',
    explanation: 'It does not fit on any node now, and is tried again the moment capacity appears.',
  },
}
