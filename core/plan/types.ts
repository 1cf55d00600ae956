import type { DeploymentStatus, ReplicaStatus } from '@/core/deployments/status'
import type { BackoffLimits } from '@/core/lib/backoff'
import type { Constraint } from '@/core/placement/constraint'
import type { AskedWishes } from '@/core/placement/preferences'
import type { Resources } from '@/core/placement/resources'
import type { ChosenNode, Handover, PlacementRequest, Policy } from '@/core/placement/types'
import type { Evaluation } from '@/core/queue/evaluation'

export interface ReplicaAttempt {
  id: string
  /** UUID of the node */
  nodeId: string
  /** Its node is being drained: it is to go on elsewhere. */
  nodeDraining: boolean
  slot: number
  generation: number
  /** deployments.version when it was placed */
  version: number
  /** The revision of the deployment that it runs. */
  revision: number
  status: ReplicaStatus
  wanted: 'run' | 'stop'
  reserved: boolean
  health: 'healthy' | 'unhealthy' | 'starting' | null
  /** How often its agent restarted it in place since its back-off began. */
  restartsInARow: number
  /** How often in all, on this node. */
  restarts: number
  reason: string | null
  startedAt: Date | null
  finishedAt: Date | null
}

export interface DesiredDeployment {
  status: DeploymentStatus
  targetReplicas: number
  version: number
  /** The wanted revision. */
  revision: number
  /** Fixed ones; absent when there are none. */
  hostPorts?: readonly number[]
}

export interface SlotToPlace {
  slot: number
  generation: number
}

/** A slot whose replica is to be replaced by one elsewhere, or of another revision, while it goes on. */
export interface SlotToMove extends SlotToPlace {
  /** Id of the replica that runs now. */
  replaces: string
  why: MoveReason
}

export type MoveReason = 'update' | 'drain' | 'restart'
/** What brings a deployment to its wanted state, in buckets. */
export interface Plan {
  place: SlotToPlace[]
  /** Replacements to place now. Only when nothing is missing: what does not run at all comes first. */
  move: SlotToMove[]
  /** Ids of replicas to stop: beyond the wanted number, doubled, or replaced by one that works. */
  stop: string[]
  /** Nodes on which an attempt of a slot that is to be placed failed: others are better. */
  avoidNodeIds: string[]
  /** Slots that failed a moment ago are tried again then; nothing of the deployment is placed before. */
  retryAt: Date | null
  /** The last attempt failed: why, in the engine's own words. */
  exhausted: string | null
}

export interface RetryPolicy {
  /** Attempts per slot when containers do not start at all. */
  startAttempts: number
  /** Attempts per slot when containers start and then end. */
  runAttempts: number
  /** A container that ran this long counts as having worked: attempts are counted anew. */
  stableMs: number
  /** Between attempts. */
  pause: BackoffLimits
}

export interface NewReplica {
  id: string
  nodeId: string
  nodeName: string
  slot: number
  generation: number
  score: number
  /** The replica on the same node that stops first, and what of its reservation passes over; null when none does. */
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
  /** What happened, as a sentence. */
  message: string
  /** Replicas that the deployment had already, by node (UUID). */
  own: Record<string, number>
}

/** One replica of a deployment as the scheduler reads it. */
export interface AttemptToSchedule {
  id: string
  nodeId: string
  nodeName: string
  /** Its node is being drained. */
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
  /** Reserved for it, as long as anything is. */
  resources: Resources
  hostPorts: number[]
}

/** A deployment as the scheduler reads it, with the version against which it will commit. */
export interface DeploymentToSchedule {
  id: string
  name: string
  status: DeploymentStatus
  targetReplicas: number
  version: number
  /** The wanted revision. */
  revision: number
  region: string | null
  waitForCapacity: boolean
  maxPerNode: number
  constraints: Constraint[]
  wishes: AskedWishes | null
  /** Null is the installation's. */
  policy: Policy | null
  resources: Resources
  /** Fixed ones, each once, ascending. */
  hostPorts: number[]
  attempts: AttemptToSchedule[]
}

/** All that one evaluation changes. */
export interface Step {
  evaluation: Evaluation
  deployment: Pick<DeploymentToSchedule, 'id' | 'name' | 'version' | 'revision' | 'resources' | 'hostPorts' | 'status'>
  decision: DecisionRecord | null
  place: NewReplica[]
  stop: string[]
  status: { to: DeploymentStatus; reason: string } | null
  /** `blocked` waits for capacity. */
  evaluationEnds: 'done' | 'blocked'
  /** Come back after this many milliseconds; null when nothing is left to do. */
  retryInMs: number | null
}
