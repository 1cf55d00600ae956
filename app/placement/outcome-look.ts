import type { DecisionSummary } from '@/server/domain/views'
import type { Look } from '../ui/status'

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
