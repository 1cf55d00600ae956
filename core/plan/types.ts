import type { DeploymentStatus, ReplicaStatus } from '@/core/deployments/status'
import type { BackoffLimits } from '@/core/lib/backoff'
import type { Constraint } from '@/core/placement/constraint'
import type { PlacementRulesSpec } from '@/core/placement/preferences'
import type { Resources } from '@/core/placement/resources'
import type { ChosenNode, Handover, PlacementRequest, Policy } from '@/core/placement/types'
import type { Evaluation } from '@/core/queue/evaluation'

export interface ReplicaAttempt {
  id: string
  /** UUID of the node */
  nodeId: string
  /** Its node is being drained, so the replica has to move. */
  nodeDraining: boolean
  slot: number
  generation: number
  /** The value of deployments.version when the attempt was placed. */
  version: number
  /** The revision of the deployment that this attempt runs. */
  revision: number
  status: ReplicaStatus
  wanted: 'run' | 'stop'
  reserved: boolean
  health: 'healthy' | 'unhealthy' | 'starting' | null
  /** Number of in-place restarts since the current back-off began. */
  restartsInARow: number
  /** Number of in-place restarts on this node in total. */
  restarts: number
  reason: string | null
  startedAt: Date | null
  finishedAt: Date | null
}

export interface DesiredDeployment {
  status: DeploymentStatus
  targetReplicas: number
  version: number
  /** The desired revision. */
  revision: number
  /** Fixed host ports; absent when there are none. */
  hostPorts?: readonly number[]
}

export interface SlotToPlace {
  slot: number
  generation: number
}

/** A slot whose replica keeps running until a replacement works: one on another node or of another revision. */
export interface SlotToMove extends SlotToPlace {
  /** Id of the replica to be replaced. */
  replaces: string
  why: MoveReason
}

export type MoveReason = 'update' | 'drain' | 'restart'

/** The changes that bring a deployment to its desired state, in buckets. */
export interface Plan {
  place: SlotToPlace[]
  /** Replacements to place now. Empty while `place` is not: slots that do not run at all come first. */
  move: SlotToMove[]
  /** Ids of replicas to stop: surplus ones, duplicates, and those whose replacement works. */
  stop: string[]
  /** UUIDs of nodes on which a slot that is to be placed failed before. */
  avoidNodeIds: string[]
  /** End of the back-off after recent failures; nothing of the deployment is placed before then. */
  retryAt: Date | null
  /** Why the deployment fails or its update pauses, with the message of the last attempt; null while retries remain. */
  exhausted: string | null
}

export interface RetryPolicy {
  /** Attempts per slot when containers do not start at all. */
  startAttempts: number
  /** Attempts per slot when containers start and then end. */
  runAttempts: number
  /** A container that ran this long counts as having worked, and the attempt count starts over. */
  stableMs: number
  /** Back-off between attempts. */
  pause: BackoffLimits
}

export interface NewReplica {
  id: string
  nodeId: string
  nodeName: string
  slot: number
  generation: number
  score: number
  /** The replica on the same node that stops first, and the part of its reservation that is handed over; else null. */
  takesOver: TakeOver | null
}

interface TakeOver extends Pick<Handover, 'resources' | 'hostPorts'> {
  replicaId: string
}

export interface DecisionRecord {
  id: string
  outcome: 'placed' | 'refused'
  request: PlacementRequest
  policy: Policy
  chosen: ChosenNode[]
  /** How many replicas could be placed. */
  found: number
  /** The outcome as a sentence. */
  message: string
  /** Number of replicas that the deployment already had, by node (UUID). */
  own: Record<string, number>
}

/** One replica of a deployment as the scheduler reads it. */
export interface AttemptToSchedule {
  id: string
  nodeId: string
  nodeName: string
  nodeDraining: boolean
  slot: number
  generation: number
  version: number
  revision: number
  status: ReplicaStatus
  wanted: 'run' | 'stop'
  reserved: boolean
  health: 'healthy' | 'unhealthy' | 'starting' | null
  restartsInARow: number
  restarts: number
  reason: string | null
  startedAt: Date | null
  finishedAt: Date | null
  /** Reserved on the node while `reserved` is true. */
  resources: Resources
  hostPorts: number[]
}

/** A deployment as the scheduler reads it. The commit fails if `version` has changed since. */
export interface DeploymentToSchedule {
  id: string
  name: string
  status: DeploymentStatus
  targetReplicas: number
  version: number
  /** The desired revision. */
  revision: number
  /** Preferred region; null means any. */
  region: string | null
  waitForCapacity: boolean
  maxPerNode: number
  constraints: Constraint[]
  placementRules: PlacementRulesSpec | null
  /** Null means the installation's default policy. */
  policy: Policy | null
  resources: Resources
  /** Fixed host ports, distinct, ascending. */
  hostPorts: number[]
  attempts: AttemptToSchedule[]
}

/** Everything that one evaluation changes. */
export interface Step {
  evaluation: Evaluation
  deployment: Pick<DeploymentToSchedule, 'id' | 'name' | 'version' | 'revision' | 'resources' | 'hostPorts' | 'status'>
  decision: DecisionRecord | null
  place: NewReplica[]
  stop: string[]
  status: { to: DeploymentStatus; reason: string } | null
  /** A `blocked` evaluation waits for capacity. */
  evaluationEnds: 'done' | 'blocked'
  /** Delay before the next evaluation, in milliseconds; null when nothing is left to do. */
  retryInMs: number | null
}
