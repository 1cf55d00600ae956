/** What a node keeps over restarts of the agent: the wanted state, and what it told of each replica. */
import type { DesiredState, ReplicaReport } from '@/core/agents/protocol'
import { noRestarts } from '@/core/deployments/restart'

interface NodeState {
  wanted: DesiredState | null
  memory: ReplicaReport[]
  /** What was told before that and has not arrived yet, in its order. */
  earlier: ReplicaReport[]
  /** Replica → the run of the engine in which it was last seen running. */
  ranIn: Record<string, string>
}

/** Environments may hold secrets and stay out of the file: no container is made before the control plane was heard. */
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
  // Written by renderState alone; files are replaced in one step and never half written.
  const {
    wanted,
    memory,
    earlier = [],
    ranIn = {},
  } = value as Omit<NodeState, 'earlier' | 'ranIn'> & Partial<NodeState>
  return { wanted, memory: memory.map(whole), earlier: earlier.map(whole), ranIn }
}

/** A report that was written before restarts were counted says nothing of them. */
const whole = (report: ReplicaReport): ReplicaReport => ({
  ...{ restarts: noRestarts, restartInMs: null, checkOutput: null, standstill: null },
  ...report,
})
