import type { NodeState } from '@/core/nodes/list'
import { cordonedLook, drainingLook, type Look, nodeLooks } from './status'

/** The states by which nodes are filtered, as the dictionary of states has them. */
export const stateLooks: Record<NodeState, Look> = {
  ready: {
    label: 'Ready',
    glyph: 'ready',
    tone: 'healthy',
    explanation: 'Reports in and takes new replicas.',
  },
  full: { ...nodeLooks.busy, label: 'Full' },
  cordoned: cordonedLook,
  draining: drainingLook,
  offline: nodeLooks.offline,
  maintenance: nodeLooks.maintenance,
}
