/** What the pages read. Times are ISO 8601 strings; ids are UUIDs. */

import type { Role } from '@/core/accounts/roles'
import type { SecondKind } from '@/core/agents/identity'
import type { Standstill } from '@/core/agents/protocol'
import type { DeploymentSpec } from '@/core/deployments/revision'
import type { DeploymentAction, DeploymentStatus, Health, ReplicaStatus } from '@/core/deployments/status'
import type { LogLine, LogState } from '@/core/logs/log'
import type { LeavingState } from '@/core/nodes/drain'
import type { StormCause } from '@/core/nodes/outage-protection'
import type { ReturnOutcome, ReturnPlan } from '@/core/nodes/return'
import type { Excerpt } from '@/core/placement/decision-summary'
import type { AskedWishes } from '@/core/placement/preferences'
import type { DeploymentType, Resources } from '@/core/placement/resources'
import type { Constraint, PlacementRequest, Policy, Refusal } from '@/core/placement/types'
import type { NodeStatus } from '../nodes/status'

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

/** Restarts of one replica in place, by its agent. */
export interface RestartView {
  count: number
  /** Since the back-off began anew. */
  inARow: number
  nextAt: string | null
  lastEnd: { at: string; reason: string } | null
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
  /** Seconds of a node's silence after which its replicas are lost; 0 is never. */
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

export interface DecisionSummary {
  id: string
  outcome: 'placed' | 'refused'
  trigger: string
  replicas: number
  chosenNodeIds: string[]
  message: string
  createdAt: string
}

export interface DecisionListItem extends DecisionSummary {
  deploymentId: string
  deploymentName: string
  policy: Policy
}

/** One page of decisions, the newest first. */
export interface DecisionPage {
  items: DecisionListItem[]
  /** Whether there are older ones: they are asked for by the id of the last. */
  more: boolean
}

export interface DecisionView extends DecisionListItem {
  request: PlacementRequest
  /** As the record says, explained by running the core on it again. */
  placement: Excerpt
}

/** A past decision that would come out otherwise under another policy. Nodes by name. */
export interface WhatIfChange {
  decisionId: string
  deploymentId: string
  deploymentName: string
  createdAt: string
  policyThen: Policy
  before: string[]
  after: string[]
  leaves: string[]
  comes: string[]
}

export interface WhatIfReport {
  policy: Policy
  /** How many decisions were run again. */
  looked: number
  changes: WhatIfChange[]
}

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

export interface UserView {
  id: string
  username: string
  role: Role
  disabled: boolean
  lastLoginAt: string | null
  createdAt: string
  isSelf: boolean
}

export interface ApiTokenView {
  id: string
  name: string
  owner: string
  /** The most that it may do. */
  scope: Role
  /** What it may do now: the lesser of its scope and its owner's present role. */
  role: Role
  createdAt: string
  /** null: never */
  expiresAt: string | null
  /** To the minute. */
  lastUsedAt: string | null
  state: 'usable' | 'expired' | 'revoked' | 'owner disabled'
}

export interface JoinTokenView {
  id: string
  name: string
  /** How many nodes may join with it; null is any number until it expires. */
  maxNodes: number | null
  joinedNodes: number
  createdBy: string
  createdAt: string
  expiresAt: string
  lastUsedAt: string | null
  state: 'usable' | 'used up' | 'expired' | 'revoked'
  /** Nodes that joined with it: the first 20 by name. */
  nodes: { id: string; nodeId: string; status: NodeStatus }[]
}

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
export interface StormBrakeView {
  region: string
  cause: StormCause
  since: string
  /** How many of its nodes are silent now. */
  silent: number
  nodes: number
  overruled: { at: string; by: string } | null
}

/** A replica that would be replaced elsewhere. */
export interface StormMove {
  replicaId: string
  deploymentId: string
  deploymentName: string
  slot: number
  /** The name of the silent node. */
  nodeId: string
}

/** What the stream of logs tells of one replica: lines, the newest last, or how it is with its log. */
export type LogEvent =
  | {
      kind: 'lines'
      replicaId: string
      /** Numbers the events of a replica, so that one that comes twice is known. */
      seq: number
      /** Lines before these are missing. */
      gap: boolean
      lines: LogLine[]
    }
  | {
      kind: 'state'
      replicaId: string
      /** Null until its node said something. */
      state: LogState | null
      words: string
    }

/** One change, as the live stream tells it: what to read again. */
export interface LiveChange {
  /** deployments, nodes, users, tokens; or hello at the start of a stream, session-ended when the reader lost access */
  topic: 'deployment' | 'node' | 'user' | 'session' | 'token' | 'setting' | 'scheduler' | 'hello' | 'session-ended'
  /** UUIDs of what changed; empty is "any of them". */
  ids: string[]
}
