import type { NodeState } from '@/core/nodes/list'
import { cordonedStyle, drainingStyle, nodeStyles, type StatusStyle } from './status'

/** The states by which nodes are filtered, as the dictionary of states has them. */
export const stateStyles: Record<NodeState, StatusStyle> = {
  ready: {
    label: 'Ready',
    icon: 'ready',
    color: 'healthy',
    explanation: 'Reports in and takes new replicas.',
  },
  full: { ...nodeStyles.busy, label: 'Full' },
  cordoned: cordonedStyle,
  draining: drainingStyle,
  offline: nodeStyles.offline,
  maintenance: nodeStyles.maintenance,
}
