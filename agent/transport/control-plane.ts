/** The agent's port to the control plane: client.ts speaks tRPC, tests hand in one that lives in memory. */
import type { Claim, ClaimAnswer, MachineFacts } from '@/core/agents/identity'
import type { DesiredState, NodeDescription, NodeHeartbeat, ReplicaReport, ResolvedImage } from '@/core/agents/protocol'
import type { ImageContent } from '@/core/deployments/image'
import type { LogChunk, LogSubscriptions } from '@/core/logs/log'

export interface Joined {
  nodes: { id: string; name: string }[]
  heartbeatSeconds: number
}

export interface HeartbeatAnswer {
  stale: DesiredState[]
  /** How often to beat from now on; null when the control plane knows none of the nodes. */
  heartbeatSeconds: number | null
  /** Of the nodes that beat, those that somebody removed from the fleet. */
  removed: string[]
  /** Those that had been silent for too long: what they run is to be told once more, whether they noticed or not. */
  returned: string[]
}

export interface WatchHandlers {
  onDesired(state: DesiredState): void
  onLogSubscriptions(subscriptions: LogSubscriptions): void
  /** Whether the subscription stands; with the reason when it does not. */
  onConnection(connected: boolean, reason: string | null): void
}

export interface Watch {
  /** Connects anew: an old connection may be dead without knowing it. */
  restart(): void
  close(): void
}

/** Who calls: the program by its credential, and this process of it. */
export interface Speaker {
  credential: string
  instance: string
}

export interface ControlPlane {
  /** The token is needed for nodes that the control plane does not know by this credential yet. */
  join(joinToken: string | null, nodes: NodeDescription[], machine: MachineFacts): Promise<Joined>
  /** To speak for the nodes of the credential: all other calls are refused to who does not. */
  claim(claim: Claim): Promise<ClaimAnswer>
  heartbeat(beats: NodeHeartbeat[], timeoutMs: number): Promise<HeartbeatAnswer>
  report(reports: ReplicaReport[], timeoutMs: number): Promise<{ unknown: string[] }>
  /** What an image is on this node; the answer is what it is for all nodes of the revision. */
  resolveImage(found: ResolvedImage, timeoutMs: number): Promise<ImageContent | null>
  /** The answer names the replicas whose logs nobody reads. */
  sendLogs(chunks: LogChunk[], timeoutMs: number): Promise<{ undesired: string[] }>
  /** Keeps a subscription for these nodes until it is closed, whatever breaks. */
  watch(nodeIds: string[], handlers: WatchHandlers): Watch
}

/**
 * `unreachable`: no answer, or none yet: try again. `faulty`: it answered with a fault of its own, which may pass, or may
 * be due to what was sent. `unauthorized`: it does not know this agent (any more). `not-holder`: another process speaks for
 * its nodes, or none: claim them. `refused`: it answered, and will answer the same again.
 */
export class ControlPlaneError extends Error {
  constructor(
    readonly kind: 'unreachable' | 'faulty' | 'unauthorized' | 'not-holder' | 'refused',
    message: string,
  ) {
    super(message)
    this.name = 'ControlPlaneError'
  }
}

export const isRefusal = (error: unknown): boolean => error instanceof ControlPlaneError && error.kind === 'refused'

/** Whether what was sent may be the reason: sending it once more as it is may never help. */
export const isAboutInput = (error: unknown): boolean =>
  isRefusal(error) || (error instanceof ControlPlaneError && error.kind === 'faulty')
