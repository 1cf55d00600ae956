/** What a node keeps across restarts of the agent: the desired state, and its reports on each replica. */
import type { DesiredState, ReplicaReport } from '@/core/agents/protocol'
import { noRestarts } from '@/core/deployments/restart'

interface NodeState {
  wanted: DesiredState | null
  memory: ReplicaReport[]
  /** Earlier reports that were not delivered yet, oldest first. */
  earlier: ReplicaReport[]
  /** Replica → the run of the engine in which it was last seen running. */
  ranIn: Record<string, string>
}

/**
 * Environments may hold secrets, so they are not written. No container is created before the control plane was reached.
 */
export const renderState = (state: NodeState): string => {
  const wanted = state.wanted && {
    ...state.wanted,
    replicas: state.wanted.replicas.map((replica) => ({ ...replica, env: {} })),
  }
  return JSON.stringify({ ...state, wanted })
}

export const parseState = (text: string | null): NodeState => {
  if (text === null) return { wanted: null, memory: [], earlier: [], ranIn: {} }
  const value: unknown = JSON.parse(text)
  if (typeof value !== 'object' || value === null || !('wanted' in value) || !('memory' in value)) {
    throw new Error('the file with the state of this node is not one of ours')
  }
  // Only renderState writes this file, and files are replaced atomically, so its shape is trusted.
  const {
    wanted,
    memory,
    earlier = [],
    ranIn = {},
  } = value as Omit<NodeState, 'earlier' | 'ranIn'> & Partial<NodeState>
  return { wanted, memory: memory.map(whole), earlier: earlier.map(whole), ranIn }
}

/** Fills in the fields that reports of older versions lack. */
const whole = (report: ReplicaReport): ReplicaReport => ({
  ...{ restarts: noRestarts, restartInMs: null, checkOutput: null, standstill: null },
  ...report,
})
