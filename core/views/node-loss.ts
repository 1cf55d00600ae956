import type { OutageCause } from '@/core/nodes/outage-protection'
import type { ReturnOutcome, ReturnPlan } from '@/core/nodes/return'

/** What happens, or happened, to a replica when its node returns. */
export interface ReturnedReplicaView {
  replicaId: string
  deploymentId: string
  deploymentName: string
  slot: number
  generation: number
  plan: ReturnPlan
  /** null until the agent has reported. */
  outcome: ReturnOutcome | null
  why: string
  settledAt: string | null
}

export interface NodeReturnsView {
  /** What the node's return would do now, while it is offline. */
  awaited: ReturnedReplicaView[] | null
  /** The newest first. */
  returns: { id: string; offlineSince: string; returnedAt: string; replicas: ReturnedReplicaView[] }[]
}

/** A region under outage protection: its replicas are not declared lost unless somebody overrides the protection. */
export interface OutageProtectionView {
  region: string
  cause: OutageCause
  since: string
  /** Number of its nodes that are unreachable now. */
  offline: number
  nodes: number
  overridden: { at: string; by: string } | null
}

/** A replica that would be replaced elsewhere. */
export interface OutageMove {
  replicaId: string
  deploymentId: string
  deploymentName: string
  slot: number
  /** The name of the unreachable node. */
  nodeId: string
}
