/**
 * The messages between the control plane and an agent. An agent serves one or more nodes. It connects to the control
 * plane with `Authorization: Bearer <credential>`, a secret that it generated and registered when it joined, and with
 * its instance id (identity.ts).
 */
import type { ImageContent } from '@/core/deployments/image'
import type { RestartRecord } from '@/core/deployments/restart'
import type { ReplicaStatus } from '@/core/deployments/status'
import type { LogSubscriptions } from '@/core/logs/log'

/** Headers next to the credential. They allow refusing a foreign caller before its request body is read. */
export const agentHeaders = { instance: 'x-fogdeck-instance', joinToken: 'x-fogdeck-join-token' } as const

/** The desired state of one replica on a node. */
export interface DesiredReplica {
  replicaId: string
  deploymentId: string
  deploymentName: string
  slot: number
  generation: number
  wanted: 'run' | 'stop'
  revision: number
  image: string
  /** The image content that this revision runs; null until a node has reported it. */
  imageContent: ImageContent | null
  /** While `imageContent` is null: whether this node resolves the image, or waits for the node that does. */
  resolvesImage: boolean
  /** Whether to look up the tag in its registry even if the node has an image of that name. */
  pullsAnew: boolean
  cpuMillis: number
  memoryMb: number
  gpuUnits: number
  storageGb: number
  ports: { container: number; host: number | null }[]
  env: Record<string, string>
  /** The restarts known to the control plane, for an agent that lost its state. */
  restarts: RestartRecord
}

/** Everything that a node should run; replaces any earlier desired state. The agent removes all other replicas. */
export interface DesiredState {
  /** UUID of the node */
  nodeId: string
  /** nodes.wanted_revision, as a decimal string; higher is newer. */
  revision: string
  replicas: DesiredReplica[]
}

/** A message on the stream to an agent. */
export type AgentNews = DesiredState | { logs: LogSubscriptions }

/** Engine states of a container that neither runs, nor ended, nor starts; Fogdeck never causes these states. */
export const standstills = ['paused', 'restarting', 'unknown'] as const
export type Standstill = (typeof standstills)[number]

/** An agent's observation of one replica. Reports are idempotent; only changes are sent. */
export interface ReplicaReport {
  nodeId: string
  replicaId: string
  status: Extract<ReplicaStatus, 'starting' | 'running' | 'stopping' | 'stopped' | 'failed'>
  /** The engine's message about what the replica does or why it ended: "Pulling nginx:latest", "exited with code 1". */
  reason: string
  containerId: string | null
  exitCode: number | null
  health: 'healthy' | 'unhealthy' | 'starting' | null
  ports: { container: number; host: number }[]
  /** ISO 8601; when the container started. */
  startedAt: string | null
  /** Time of the observation by the agent's clock, ISO 8601; null from agents that do not send it. */
  observedAt: string | null
  /** True once the node has no container of the replica, so that its reservation can be released. */
  gone: boolean
  restarts: RestartRecord
  /** Milliseconds from the observation to the next restart; null when none is due. */
  restartInMs: number | null
  /** The last output of a failing health check. */
  checkOutput: string | null
  standstill: Standstill | null
}

/** The content of an image reference, as resolved by the first node. */
export interface ResolvedImage extends ImageContent {
  nodeId: string
  replicaId: string
  /** Whether the node has just pulled it from the registry; false if it had the image already. */
  fromRegistry: boolean
}

export interface NodeHeartbeat {
  nodeId: string
  cpuUsagePercent: number
  memoryUsagePercent: number
  /** The error of the engine or agent because of which the node cannot run containers; null when it can. */
  engineError: string | null
  /** The revision of the desired state that the agent has; '0' when none. */
  revision: string
  /** Whether the agent has reports of this node's replicas that the control plane has not taken yet. */
  reportsWaiting: boolean
}

export interface NodeDescription {
  /** node-01 */
  name: string
  region: string
  type: string
  labels: Record<string, string>
  engine: 'docker' | 'simulated'
  engineVersion: string | null
  cpuCores: number
  memoryMb: number
  storageGb: number
  gpuUnits: number
  latitude: number | null
  longitude: number | null
}

/** Container labels by which an agent recognizes its own containers. */
export const containerLabels = {
  managed: 'fogdeck.managed',
  node: 'fogdeck.node',
  deployment: 'fogdeck.deployment',
  deploymentName: 'fogdeck.deployment-name',
  replica: 'fogdeck.replica',
  slot: 'fogdeck.slot',
  generation: 'fogdeck.generation',
  image: 'fogdeck.image',
} as const

export const containerName = (
  r: Pick<DesiredReplica, 'deploymentName' | 'slot' | 'generation' | 'replicaId'>,
): string =>
  `fogdeck-${r.deploymentName.toLowerCase()}-${r.slot}-${r.generation}-${r.replicaId.replaceAll('-', '').slice(-8)}`
