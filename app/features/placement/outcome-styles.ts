import type { StatusStyle } from '@/app/ui/status/status'
import type { DecisionSummary } from '@/core/views/decisions'

export const outcomeStyles: Record<DecisionSummary['outcome'], StatusStyle> = {
  placed: {
    label: 'Placed',
    icon: 'running',
    color: 'healthy',
    explanation: 'All requested replicas were placed.',
  },
  refused: {
    label: 'Refused',
    icon: 'failed',
    color: 'failed',
    explanation: 'Too few eligible nodes: nothing was placed.',
  },
}
