import type { NodeState } from '@/core/nodes/list'
import { cordonedStyle, drainingStyle, nodeStyles, type StatusStyle } from './status'

/** Styles of the states by which nodes are filtered. */
export const stateStyles: Record<NodeState, StatusStyle> = {
  ready: {
    label: 'Ready',
    icon: 'ready',
    color: 'healthy',
    explanation: 'Online and accepts new replicas.',
  },
  full: { ...nodeStyles.busy, label: 'Full' },
  cordoned: cordonedStyle,
  draining: drainingStyle,
  offline: nodeStyles.offline,
  maintenance: nodeStyles.maintenance,
}
