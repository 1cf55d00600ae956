import type { SecondKind } from '@/core/agents/identity'
import type { ReplicaStatus } from '@/core/deployments/status'
import type { LeavingState } from '@/core/nodes/drain'
import type { NodeState } from '@/core/nodes/list'
import type { NodeStatus } from '@/core/placement/node-status'
import type { Resources } from '@/core/placement/resources'
import type { Refusal } from '@/core/placement/types'

export interface NodeView {
  id: string
  nodeId: string
  nodeType: string
  region: string
  status: NodeStatus
  cordoned: boolean
  draining: boolean
  /** The drain ends in maintenance. */
  maintenanceWhenDrained: boolean
  /** When it left the fleet; its page is kept as history. */
  removedAt: string | null
  simulated: boolean
  labels: Record<string, string>
  engine: string
  engineVersion: string | null
  engineError: string | null
  agentVersion: string | null
  address: string | null
  capacity: Resources
  reserved: Resources
  cpuUsagePercent: number | null
  memoryUsagePercent: number | null
  lastHeartbeat: string | null
  /** Whether the heartbeat is older than the limit; the values are then the last known ones. */
  stale: boolean
  liveReplicas: number
  /** null when it takes new replicas, else the reason why not. */
  ineligible: string | null
  /** A sentence if its machine reported less capacity than is reserved on it; else null. */
  tooSmall: string | null
  createdAt: string
}

/** A second agent with the same credential, which was refused. */
export interface SecondSpeakerView {
  instance: string
  kind: SecondKind
  hostName: string
  pid: number
  address: string | null
  /** Times of the first and the last refusal. */
  since: string
  refusedAt: string
  /** Whether it can take over; of two agents on one machine, one has to exit. */
  movable: boolean
  /** The machine whose agent holds the node. */
  holder: string
  /** Whether somebody allowed it to take over; it does so with its next claim. */
  allowed: boolean
}

export interface NodeEventView {
  id: string
  at: string
  kind: string
  detail: string
  actor: string
}

export interface NodeReplicaView {
  id: string
  deploymentId: string
  deploymentName: string
  slot: number
  generation: number
  status: ReplicaStatus
  reserved: boolean
  resources: Resources
  reason: string | null
  startedAt: string | null
}

/** Where a replica would go if its node were drained. */
export interface DrainPreviewReplica {
  replicaId: string
  deploymentId: string
  deploymentName: string
  slot: number
  from: { id: string; nodeId: string }
  /** Null when it would stay. `score` is null when the replacement is already starting. */
  to: { id: string; nodeId: string; score: number | null } | null
  /** Why it would stay, as a sentence. */
  problem: string | null
  /** Refused nodes counted per rule, for a replica that fits on no other node. */
  reasons: Refusal['reasons']
}

export interface DrainPreview {
  /** In the order in which they would move; each sees those before it. */
  replicas: DrainPreviewReplica[]
  takenAt: string
}

/** A replica that still holds a reservation on a draining node. */
export interface LeavingView {
  id: string
  slot: number
  deploymentId: string
  deploymentName: string
  status: ReplicaStatus
  state: LeavingState
  /** What it does or waits for. */
  text: string
  /** The decision that refused its move. */
  decisionId: string | null
  reasons: Refusal['reasons']
}

export interface NodePage {
  nodes: NodeView[]
  /** Number of matching nodes on all pages. */
  total: number
  /** Number of nodes in each state, regardless of the filter by state. */
  counts: Record<NodeState, number>
}
