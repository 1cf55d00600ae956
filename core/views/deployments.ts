/** Restarts of one replica in place, by its agent. */

import type { Standstill } from '@/core/agents/protocol'
import type { DeploymentSpec } from '@/core/deployments/revision'
import type { DeploymentAction, DeploymentStatus, Health, ReplicaStatus } from '@/core/deployments/status'
import type { Constraint } from '@/core/placement/constraint'
import type { NodeStatus } from '@/core/placement/node-status'
import type { AskedWishes } from '@/core/placement/preferences'
import type { DeploymentType, Resources } from '@/core/placement/resources'
import type { Policy } from '@/core/placement/types'

export interface RestartView {
  count: number
  /** Since the back-off began anew. */
  inARow: number
  nextAt: string | null
  lastEnd: { at: string; reason: string } | null
}

/** What the image of a revision is, as the first node found it. */
export interface RevisionImageView {
  /** That of the registry; the id of the image when it is unverified. */
  digest: string
  verified: boolean
  /** The name of the node. */
  resolvedBy: string
  resolvedAt: string
  /** Another content that a registry gave the same reference later. */
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
    /** As of when this was read; of use while the node is silent. */
    lastHeartbeat: string | null
  }
  status: ReplicaStatus
  wanted: 'run' | 'stop'
  /** Holds a reservation. */
  reserved: boolean
  reason: string | null
  exitCode: number | null
  health: 'healthy' | 'unhealthy' | 'starting' | null
  /** Of what is unhealthy: since when, and what its health check printed last. */
  unhealthySince: string | null
  checkOutput: string | null
  /** What its engine shows when its container neither runs nor ended by itself. */
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
  /** Why it is as it is: the reason of the newest status change, or what it waits for. */
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
  /** The one that is wanted; during an update some replicas still run another. */
  revision: number
  /** What the image of that revision is; null until a node has looked it up. */
  revisionImage: RevisionImageView | null
  /** What Start goes back to after a scale to 0. */
  startReplicas: number | null
  policy: Policy | null
  priority: number
  resources: Resources
  waitForCapacity: boolean
  maxPerNode: number
  /** Seconds for which a node is offline before its replicas are lost; 0 = never. */
  lostAfterSeconds: number
  constraints: Constraint[]
  wishes: AskedWishes | null
  ports: { container: number; host: number | null }[]
  envNames: string[]
  /** The newest generation of each slot first; ended attempts follow. */
  replicas: ReplicaView[]
  /** For each action: null when the reader may take it now, else why not. */
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
  /** Null until a node has looked it up. */
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
  /** What its health check said then. */
  health: ReplicaView['health']
  changedBy: string
  changedAt: string
  reason: string
}

export interface DeploymentTimeline {
  deployment: StatusChange[]
  replicas: ReplicaChange[]
}
