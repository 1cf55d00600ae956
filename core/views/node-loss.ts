import type { OutageCause } from '@/core/nodes/outage-protection'
import type { ReturnOutcome, ReturnPlan } from '@/core/nodes/return'

/** What the return of its node does, or did, to one replica. */
export interface ReturnedReplicaView {
  replicaId: string
  deploymentId: string
  deploymentName: string
  slot: number
  generation: number
  plan: ReturnPlan
  /** null until the agent told. */
  outcome: ReturnOutcome | null
  why: string
  settledAt: string | null
}

export interface NodeReturnsView {
  /** While the node is offline: what its return would do now. */
  awaited: ReturnedReplicaView[] | null
  /** The newest first. */
  returns: { id: string; silentSince: string; returnedAt: string; replicas: ReturnedReplicaView[] }[]
}

/** A region that the storm brake holds: nothing of it is declared lost, unless somebody overruled it. */
export interface OutageProtectionView {
  region: string
  cause: OutageCause
  since: string
  /** How many of its nodes are silent now. */
  silent: number
  nodes: number
  overruled: { at: string; by: string } | null
}

/** A replica that would be replaced elsewhere. */
export interface OutageMove {
  replicaId: string
  deploymentId: string
  deploymentName: string
  slot: number
  /** The name of the silent node. */
  nodeId: string
}
