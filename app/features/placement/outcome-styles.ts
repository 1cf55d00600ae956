import type { Look } from '@/app/ui/status/status'
import type { DecisionSummary } from '@/core/views/decisions'

export const outcomeLooks: Record<DecisionSummary['outcome'], Look> = {
  placed: {
    label: 'Placed',
    glyph: 'running',
    tone: 'healthy',
    explanation: 'Nodes were found for all replicas that were asked for.',
  },
  refused: {
    label: 'Refused',
    glyph: 'failed',
    tone: 'failed',
    explanation: 'Too few nodes had room: nothing was placed by this decision.',
  },
}
