/**
 * What the control plane and an agent say to each other. An agent program speaks for one or more nodes; it dials
 * out with `Authorization: Bearer <credential>`, a secret that it made for itself and registered when it joined, and with the
 * name of its process (identity.ts).
 */
import type { ImageContent } from '@/core/deployments/image'
import type { RestartRecord } from '@/core/deployments/restart'
import type { ReplicaStatus } from '@/core/deployments/status'
import type { LogSubscriptions } from '@/core/logs/log'

/** What an agent sends beside its credential, so that a stranger is refused before anything else is read. */
export const agentHeaders = { instance: 'x-fogdeck-instance', joinToken: 'x-fogdeck-join-token' } as const

/** One replica as the control plane wants it on a node. */
export interface DesiredReplica {
  replicaId: string
  deploymentId: string
  deploymentName: string
  slot: number
  generation: number
  wanted: 'run' | 'stop'
  revision: number
  image: string
  /** What the image is of which this revision runs; null until a node has reported it. */
  imageContent: ImageContent | null
  /** While that is null: whether this node finds it out, or waits a moment for the node that does. */
  resolvesImage: boolean
  /** Whether the tag is looked up in its registry, even where the node has an image of that name. */
  pullsAnew: boolean
  cpuMillis: number
  memoryMb: number
  gpuUnits: number
  storageGb: number
  ports: { container: number; host: number | null }[]
  env: Record<string, string>
  /** What the control plane knows of its restarts, for an agent that lost its memory. */
  restarts: RestartRecord
}

/** All that a node should run; replaces whatever was known before. Replicas not in it are to be removed. */
export interface DesiredState {
  /** UUID of the node */
  nodeId: string
  /** nodes.wanted_revision, as a decimal string; higher is newer. */
  revision: string
  replicas: DesiredReplica[]
}

/** What the stream to an agent carries. */
export type AgentNews = DesiredState | { logs: LogSubscriptions }

/** What an engine shows of a container that neither runs nor ended, nor is started: nobody here made it so. */
export const standstills = ['paused', 'restarting', 'unknown'] as const
export type Standstill = (typeof standstills)[number]

/** What an agent saw of one replica. Reports are idempotent; only changes are sent. */
export interface ReplicaReport {
  nodeId: string
  replicaId: string
  status: Extract<ReplicaStatus, 'starting' | 'running' | 'stopping' | 'stopped' | 'failed'>
  /** What it does or why it ended, in the engine's own words: "Pulling nginx:latest", "exited with code 1". */
  reason: string
  containerId: string | null
  exitCode: number | null
  health: 'healthy' | 'unhealthy' | 'starting' | null
  ports: { container: number; host: number }[]
  /** ISO 8601; when the container started. */
  startedAt: string | null
  /** ISO 8601 by the agent's own clock; when it was seen. Null from agents that don't say. */
  observedAt: string | null
  /** True once no container of it exists on the node: its reservation can go. */
  gone: boolean
  restarts: RestartRecord
  /** Milliseconds from the observation to the next restart; null when none is due. */
  restartInMs: number | null
  /** What its health check printed last, while it fails. */
  checkOutput: string | null
  standstill: Standstill | null
}

/** What an image reference was on the first node that looked. */
export interface ResolvedImage extends ImageContent {
  nodeId: string
  replicaId: string
  /** It was pulled a moment ago, and did not lie on the node from before. */
  fromRegistry: boolean
}

export interface NodeHeartbeat {
  nodeId: string
  cpuUsagePercent: number
  memoryUsagePercent: number
  /** Why it can not run containers, in the words of its engine or its agent; null when it can. */
  engineError: string | null
  /** The revision of the wanted state that the agent holds; '0' when none. */
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

/** Container labels by which an agent knows its own. */
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
