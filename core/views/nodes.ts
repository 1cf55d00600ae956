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
  maintenanceWanted: boolean
  /** When it left the fleet; its page stays for the history. */
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
  /** Whether the heartbeat is older than the limit: what is shown is then the last that was known. */
  stale: boolean
  liveReplicas: number
  /** null when it takes new replicas, else the reason why not. */
  ineligible: string | null
  /** Its machine reported less than what is reserved on it: the sentence that says so. */
  tooSmall: string | null
  createdAt: string
}

/** A second agent that uses the credential of a node and was refused. */
export interface SecondSpeakerView {
  instance: string
  kind: SecondKind
  hostName: string
  pid: number
  address: string | null
  /** When it was refused first, and last. */
  since: string
  refusedAt: string
  /** Whether it can take over: of two agents on one machine, one has to end. */
  movable: boolean
  /** The machine that speaks for the node. */
  holder: string
  /** Somebody let it take over: it does so when it asks next. */
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
  /** Null when it would stay. `score` is null when its replacement is on its way already. */
  to: { id: string; nodeId: string; score: number | null } | null
  /** Why it would stay, as a sentence. */
  problem: string | null
  /** Of a replica for which there is no room: refused nodes counted per rule. */
  reasons: Refusal['reasons']
}

export interface DrainPreview {
  /** In the order in which they would move; each sees those before it. */
  replicas: DrainPreviewReplica[]
  takenAt: string
}

/** A replica that still holds a reservation on a node that is drained. */
export interface LeavingView {
  id: string
  slot: number
  deploymentId: string
  deploymentName: string
  status: ReplicaStatus
  state: LeavingState
  /** What it does or waits for. */
  text: string
  /** The decision that found no room for it. */
  decisionId: string | null
  reasons: Refusal['reasons']
}

export interface NodePage {
  nodes: NodeView[]
  /** How many nodes are meant, on all pages. */
  total: number
  /** Of each state, whatever state was asked for. */
  counts: Record<NodeState, number>
}
