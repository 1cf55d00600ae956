/**
 * What the agent needs from a container engine. Every call ends: with an answer, with the engine's refusal, or with an
 * `unreachable` error after the call's time-out, because a frozen engine accepts connections but never answers.
 */
import type { NodeDescription } from '@/core/agents/protocol'
import { repairedText } from '@/core/contract/text'
import type { ImageContent } from '@/core/deployments/image'
import type { LogLine } from '@/core/logs/log'

export interface EngineInfo {
  /** Identifies the engine's data; null when the engine has no id. */
  id: string | null
  kind: NodeDescription['engine']
  version: string
  /** The machine's resources, before any flag overrides them. */
  cpuCores: number
  memoryMb: number
  storageGb: number
  /** named as in image platforms: amd64, linux. */
  labels: Record<string, string>
}

/**
 * `stopping`: the engine was asked to stop the container, which may never end. `removing`: its removal began and may
 * have failed; the container never runs again. `unknown`: the engine reports a state that the agent doesn't know.
 */
export type ContainerState =
  | 'created'
  | 'running'
  | 'paused'
  | 'restarting'
  | 'stopping'
  | 'exited'
  | 'removing'
  | 'unknown'
export type ContainerHealth = 'healthy' | 'unhealthy' | 'starting' | null

/** A container of an agent, as a list shows it. */
export interface SeenContainer {
  id: string
  /** UUID of the node that the container was created for. */
  nodeId: string
  deploymentId: string
  replicaId: string
  slot: number
  generation: number
  state: ContainerState
  health: ContainerHealth
  /** Milliseconds since 1970. */
  createdAt: number
}

/** A container with the details that only an inspection shows. */
export interface InspectedContainer extends SeenContainer {
  exitCode: number | null
  oomKilled: boolean
  /** The engine's error from a failed start; empty without one. */
  error: string
  /** The container's environment, including the image's own; empty when the engine doesn't show it. */
  env: Record<string, string>
  /** ISO 8601; null before the first start. */
  startedAt: string | null
  /** ISO 8601; null before the first exit. */
  finishedAt: string | null
  /** The last output of the health check; empty without a health check or output. */
  checkOutput: string
  ports: { container: number; host: number }[]
}

export interface ContainerSpec {
  name: string
  /** A reference with a digest, or the id of an image. */
  image: string
  /** The reference from the deployment. */
  reference: string
  labels: Record<string, string>
  env: Record<string, string>
  cpuMillis: number
  memoryMb: number
  gpuUnits: number
  ports: { container: number; host: number | null }[]
}

export interface EngineEvents {
  /** A container with the agent's label changed. */
  onContainer(containerId: string, replicaId: string | null): void
  /** The stream is open; earlier changes must be read from a list. */
  onOpen(): void
  /** The stream ended; no more events will come. */
  onEnd(error: Error | null): void
}

export interface LogRequest {
  /** Only lines after this time, in the format of LogLine; null for all. */
  since: string | null
  /** At most this many of the newest existing lines; null for all. */
  tail: number | null
  /** Whether to follow the log until the container ends. */
  follow: boolean
  signal: AbortSignal
  /** Receives lines in order. The engine is not read further until the promise resolves. */
  onLines(lines: LogLine[]): Promise<void>
}

export interface Engine {
  /** The engine's clock, which its container times use: milliseconds since 1970. It may be set at any moment. */
  now(): number
  info(): Promise<EngineInfo>
  /** Identifies the current run of the engine; changes whenever the engine or its machine restarts. */
  session(): Promise<string>
  /** Percent 0..100 of the node's capacity; `runningIds` are the node's own containers. */
  usage(runningIds: string[]): Promise<{ cpuPercent: number; memoryPercent: number }>
  /** All containers with the agent's label, of any node. */
  list(): Promise<SeenContainer[]>
  /** Null when there is no such container. */
  inspect(containerId: string): Promise<InspectedContainer | null>
  /** Finds an image by a reference with a tag or digest, or by an id; null when the engine doesn't have it. */
  image(image: string): Promise<ImageContent | null>
  /** Pulls an image. Resolves when the engine has it; calls `onProgress` whenever the engine reports something. */
  pull(image: string, options: { signal: AbortSignal; onProgress: () => void }): Promise<void>
  /**
   * Removes this name from an image, and the image itself when it has no other name. Refused while a container uses the
   * image.
   */
  removeImage(image: string): Promise<void>
  /** Usage of the disk that holds images and containers; null when it can't be determined. */
  diskUsedPercent(): Promise<number | null>
  /**
   * Creates a container, or finds the existing one with this name and these labels. Returns its id. Refused with status
   * 404 when its image is missing.
   */
  create(spec: ContainerSpec): Promise<string>
  /** Does nothing when the container already runs. An aborted start may still have happened. */
  start(containerId: string, signal: AbortSignal): Promise<void>
  /**
   * Stops the container gracefully, and kills it after `graceSeconds`. Does nothing when it doesn't run or doesn't
   * exist.
   */
  stop(containerId: string, graceSeconds: number): Promise<void>
  /** Removes the container, running or not. Does nothing when it doesn't exist. */
  remove(containerId: string): Promise<void>
  /** The last line of the container's log; null when the log is empty. */
  lastLogLine(containerId: string): Promise<string | null>
  /** Reads the container's log line by line. Resolves at its end, or when the signal aborts. */
  logs(containerId: string, request: LogRequest): Promise<void>
  /** Follows the engine's events until the signal aborts. */
  follow(events: EngineEvents, signal: AbortSignal): void
}

/**
 * `refused`: the engine answered, and its message says why not. `unreachable`: the engine did not answer in time; the
 * same call may work later.
 */
export class EngineError extends Error {
  constructor(
    readonly kind: 'refused' | 'unreachable',
    message: string,
    readonly httpStatus: number | null = null,
  ) {
    // Engines quote their input and the output of programs, so the text needs cleaning.
    super(repairedText(message, { max: Number.MAX_SAFE_INTEGER, shape: 'lines' }))
    this.name = 'EngineError'
  }
}

export const isUnreachable = (error: unknown): boolean => error instanceof EngineError && error.kind === 'unreachable'
