/**
 * What the agent needs of a container engine. Every call ends: with an answer, with the engine's refusal, or with an
 * `unreachable` error after the call's own time-out, because a frozen engine takes connections and never answers.
 */
import type { NodeDescription } from '@/core/agents/protocol'
import { repairedText } from '@/core/contract/text'
import type { ImageContent } from '@/core/deployments/image'
import type { LogLine } from '@/core/logs/log'

export interface EngineInfo {
  /** Of the engine's data; null when it has none. */
  id: string | null
  kind: NodeDescription['engine']
  version: string
  /** What the machine has, before any flag. */
  cpuCores: number
  memoryMb: number
  storageGb: number
  /** `arch` and `os`, in the words of image platforms: amd64, linux. */
  labels: Record<string, string>
}

/**
 * `stopping`: the engine was asked to stop it, which may never end. `removing`: its removal began, and may have failed; it
 * never runs again. `unknown`: the engine uses a word that is not known here.
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

/** One of the agent's own containers, as a list shows it. */
export interface SeenContainer {
  id: string
  /** UUID of the node that it was made for. */
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

/** The same, with what only a closer look shows. */
export interface InspectedContainer extends SeenContainer {
  exitCode: number | null
  oomKilled: boolean
  /** The engine's own words about a start that failed; empty when there are none. */
  error: string
  /** What it was made with, its image's own included; empty where the engine does not tell. */
  env: Record<string, string>
  /** ISO 8601; null before the first start. */
  startedAt: string | null
  /** ISO 8601; null before its first end. */
  finishedAt: string | null
  /** What its health check printed last; empty when it has none, or printed nothing. */
  checkOutput: string
  ports: { container: number; host: number }[]
}

export interface ContainerSpec {
  name: string
  /** A reference with a digest, or the id of an image. */
  image: string
  /** The reference that people gave. */
  reference: string
  labels: Record<string, string>
  env: Record<string, string>
  cpuMillis: number
  memoryMb: number
  gpuUnits: number
  ports: { container: number; host: number | null }[]
}

export interface EngineEvents {
  /** Something happened to a container with our label. */
  onContainer(containerId: string, replicaId: string | null): void
  /** The stream is open: what happened before must be read from a list. */
  onOpen(): void
  /** The stream broke; nothing more comes. */
  onEnd(error: Error | null): void
}

export interface LogRequest {
  /** Only what was written after this, as in LogLine; null is everything. */
  since: string | null
  /** At most so many of the newest lines that are there; null is all of them. */
  tail: number | null
  /** Goes on with what is written from now on, until the container ends. */
  follow: boolean
  signal: AbortSignal
  /** Takes lines in their order. The engine is not read on before it is done. */
  onLines(lines: LogLine[]): Promise<void>
}

export interface Engine {
  /** By the clock of which the times of its containers are: milliseconds since 1970. It may be set at any moment. */
  now(): number
  info(): Promise<EngineInfo>
  /** Names the present run of the engine: another one once it, or its machine, was started again. */
  session(): Promise<string>
  /** Percent 0..100 of the node's capacity; `runningIds` are the node's own containers. */
  usage(runningIds: string[]): Promise<{ cpuPercent: number; memoryPercent: number }>
  /** Containers that carry our label, of whichever node. */
  list(): Promise<SeenContainer[]>
  /** Null when there is no such container. */
  inspect(containerId: string): Promise<InspectedContainer | null>
  /** By a reference, with a tag or a digest, or by an id; null when it is not there. */
  image(image: string): Promise<ImageContent | null>
  /** Ends when the image is there; calls `onProgress` whenever the engine says something. */
  pull(image: string, options: { signal: AbortSignal; onProgress: () => void }): Promise<void>
  /** Takes this name from an image, and the image off the disk when it has no other. Refused while a container uses it. */
  removeImage(image: string): Promise<void>
  /** Of the disk that holds images and containers; null when it can't be told. */
  diskUsedPercent(): Promise<number | null>
  /**
   * The id of the container with this name and these labels, which is made when it does not exist yet. Refused with status
   * 404 when its image is not there.
   */
  create(spec: ContainerSpec): Promise<string>
  /** Does nothing when it runs already. An aborted start may still have happened. */
  start(containerId: string, signal: AbortSignal): Promise<void>
  /** Asks it to end, and ends it after `graceSeconds`. Does nothing when it does not run or does not exist. */
  stop(containerId: string, graceSeconds: number): Promise<void>
  /** Removes it, running or not. Does nothing when it does not exist. */
  remove(containerId: string): Promise<void>
  /** The last line that it wrote; null when there is none. */
  lastLogLine(containerId: string): Promise<string | null>
  /** What it wrote, line by line. Ends with the log, or quietly when the signal aborts. */
  logs(containerId: string, request: LogRequest): Promise<void>
  /** Follows the engine's events until the signal aborts. */
  follow(events: EngineEvents, signal: AbortSignal): void
}

/**
 * `refused`: the engine answered, and its words say why not. `unreachable`: it did not answer (in time); the same
 * call may work later.
 */
export class EngineError extends Error {
  constructor(
    readonly kind: 'refused' | 'unreachable',
    message: string,
    readonly httpStatus: number | null = null,
  ) {
    // Engines quote what they were given, and what programs wrote.
    super(repairedText(message, { max: Number.MAX_SAFE_INTEGER, shape: 'lines' }))
    this.name = 'EngineError'
  }
}

export const isUnreachable = (error: unknown): boolean => error instanceof EngineError && error.kind === 'unreachable'
