/** The agent's interface to the control plane: client.ts implements it over tRPC, and tests in memory. */
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
  /** The heartbeat interval from now on; null when the control plane knows none of the nodes. */
  heartbeatSeconds: number | null
  /** The nodes of this heartbeat that were removed from the fleet. */
  removed: string[]
  /** The nodes that had been marked offline: they report all replicas again, even if they noticed no outage. */
  returned: string[]
}

export interface WatchHandlers {
  onDesired(state: DesiredState): void
  onLogSubscriptions(subscriptions: LogSubscriptions): void
  /** Whether the subscription is open; if not, with the reason. */
  onConnection(connected: boolean, reason: string | null): void
}

export interface Watch {
  /** Reconnects: an old connection may be dead without showing it. */
  restart(): void
  close(): void
}

/** The caller: the agent's credential, and the id of this process. */
export interface Speaker {
  credential: string
  instance: string
}

export interface ControlPlane {
  /** Joins nodes. The token is only needed for nodes that this credential did not join before. */
  join(joinToken: string | null, nodes: NodeDescription[], machine: MachineFacts): Promise<Joined>
  /** Claims the nodes of the credential. All other calls are refused without the claim. */
  claim(claim: Claim): Promise<ClaimAnswer>
  heartbeat(beats: NodeHeartbeat[], timeoutMs: number): Promise<HeartbeatAnswer>
  report(reports: ReplicaReport[], timeoutMs: number): Promise<{ unknown: string[] }>
  /** Reports the image that this node found; returns the image for all nodes of the revision. */
  resolveImage(found: ResolvedImage, timeoutMs: number): Promise<ImageContent | null>
  /** Sends log lines; returns the replicas whose logs nobody reads. */
  sendLogs(chunks: LogChunk[], timeoutMs: number): Promise<{ undesired: string[] }>
  /** Keeps a subscription for these nodes and reconnects until it is closed. */
  watch(nodeIds: string[], handlers: WatchHandlers): Watch
}

/**
 * `unreachable`: no answer in time; try again. `faulty`: the control plane answered with an internal error, which may
 * pass or may be due to the input. `unauthorized`: the control plane does not know this agent (any more). `not-holder`:
 * another process holds the nodes, or none does; claim them. `refused`: the control plane will give the same answer
 * again.
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

/** Whether the input may have caused the error, so that sending the same again may never work. */
export const isAboutInput = (error: unknown): boolean =>
  isRefusal(error) || (error instanceof ControlPlaneError && error.kind === 'faulty')
