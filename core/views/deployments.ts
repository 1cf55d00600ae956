/** Restarts of one replica in place, by its agent. */

import type { Standstill } from '@/core/agents/protocol'
import type { DeploymentSpec } from '@/core/deployments/revision'
import type { DeploymentAction, DeploymentStatus, Health, ReplicaStatus } from '@/core/deployments/status'
import type { Constraint } from '@/core/placement/constraint'
import type { NodeStatus } from '@/core/placement/node-status'
import type { PlacementRulesSpec } from '@/core/placement/preferences'
import type { DeploymentType, Resources } from '@/core/placement/resources'
import type { Policy } from '@/core/placement/types'

export interface RestartView {
  count: number
  /** Restarts since the back-off was last reset. */
  inARow: number
  nextAt: string | null
  lastEnd: { at: string; reason: string } | null
}

/** The image content of a revision, as resolved by the first node. */
export interface RevisionImageView {
  /** The registry's digest; the id of the image if unverified. */
  digest: string
  verified: boolean
  /** The name of the node. */
  resolvedBy: string
  resolvedAt: string
  /** Different content that the same reference resolved to later. */
  newer: { digest: string; seenAt: string } | null
}

export interface ReplicaView {
  id: string
  slot: number
  generation: number
  revision: number
  node: {
    id: string
    nodeId: string
    region: string
    simulated: boolean
    status: NodeStatus
    address: string | null
    /** As of when this was read; of use while the node is offline. */
    lastHeartbeat: string | null
  }
  status: ReplicaStatus
  wanted: 'run' | 'stop'
  /** Holds a reservation. */
  reserved: boolean
  reason: string | null
  exitCode: number | null
  health: 'healthy' | 'unhealthy' | 'starting' | null
  /** For an unhealthy replica: since when, and the last output of its health check. */
  unhealthySince: string | null
  checkOutput: string | null
  /** The engine's state of a container that neither runs nor has ended by itself. */
  standstill: Standstill | null
  restarts: RestartView
  containerId: string | null
  ports: { container: number; host: number }[]
  score: number | null
  decisionId: string | null
  createdAt: string
  startedAt: string | null
  finishedAt: string | null
}

export interface DeploymentSummary {
  id: string
  name: string
  type: DeploymentType
  image: string
  status: DeploymentStatus
  health: Health
  /** The reason of the newest status change, or what the deployment waits for. */
  reason: string
  targetReplicas: number
  runningReplicas: number
  region: string | null
  /** Where its live replicas are. */
  placedRegions: { region: string; count: number }[]
  owner: { id: string; username: string }
  createdAt: string
  updatedAt: string
}

export interface DeploymentDetail extends DeploymentSummary {
  /** The desired revision; during an update some replicas still run another one. */
  revision: number
  /** The image content of that revision; null until a node has resolved it. */
  revisionImage: RevisionImageView | null
  /** The number of replicas that Start restores after a scale to 0. */
  startReplicas: number | null
  policy: Policy | null
  priority: number
  resources: Resources
  waitForCapacity: boolean
  maxPerNode: number
  /** Seconds that a node may be offline before its replicas are lost; 0 = they never are. */
  lostAfterSeconds: number
  constraints: Constraint[]
  placementRules: PlacementRulesSpec | null
  ports: { container: number; host: number | null }[]
  envNames: string[]
  /** The newest generation of each slot first, then previous instances. */
  replicas: ReplicaView[]
  /** For each action: null when the user can take it now, else why not. */
  blocked: Record<DeploymentAction, string | null>
  /** A wait for capacity or a retry that is due, if any. */
  waiting: { kind: 'capacity' | 'retry' | 'queued'; since: string; until: string | null; attempts: number } | null
  latestDecisionId: string | null
  deletedAt: string | null
}

export interface RevisionView {
  revision: number
  spec: DeploymentSpec
  createdBy: string
  createdAt: string
  reason: string
  /** Live replicas that run it. */
  replicas: number
  /** The one that is wanted. */
  current: boolean
  /** Null until a node has resolved it. */
  image: RevisionImageView | null
}

export interface StatusChange {
  id: string
  oldStatus: string
  newStatus: DeploymentStatus
  changedBy: string
  changedAt: string
  reason: string
}

export interface ReplicaChange {
  id: string
  replicaId: string
  slot: number
  generation: number
  nodeId: string
  oldStatus: string
  newStatus: ReplicaStatus
  /** Output of its health check at that time. */
  health: ReplicaView['health']
  changedBy: string
  changedAt: string
  reason: string
}

export interface DeploymentTimeline {
  deployment: StatusChange[]
  replicas: ReplicaChange[]
}
