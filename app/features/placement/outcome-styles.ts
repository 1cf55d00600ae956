import type { StatusStyle } from '@/app/ui/status/status'
import type { DecisionSummary } from '@/core/views/decisions'

export const outcomeStyles: Record<DecisionSummary['outcome'], StatusStyle> = {
  placed: {
    label: 'Placed',
    icon: 'running',
    color: 'healthy',
    explanation: 'Nodes were found for all replicas that were asked for.',
  },
  refused: {
    label: 'Refused',
    icon: 'failed',
    color: 'failed',
    explanation: 'Too few nodes were eligible: nothing was placed by this decision.',
  },
}
