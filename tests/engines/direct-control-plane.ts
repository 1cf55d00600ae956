/** The real control plane, its store and its database, for agents in the same process. The line to it may be cut. */
import { systemClock } from '@/agent/clock'
import {
  type ControlPlane,
  ControlPlaneError,
  type Speaker,
  type Watch,
  type WatchHandlers,
} from '@/agent/control-plane'
import type { Claim, MachineFacts } from '@/server/domain/agent-identity'
import type { NodeDescription, NodeHeartbeat, ReplicaReport, ResolvedImage } from '@/server/domain/agent-protocol'
import type { LogChunk } from '@/server/domain/log'
import type { TestControlPlane } from '../control-plane'

export class DirectControlPlane implements ControlPlane {
  isCut = false

  constructor(
    private readonly cp: TestControlPlane,
    private readonly speaker: Speaker,
  ) {}

  async join(joinToken: string | null, nodes: NodeDescription[], machine: MachineFacts) {
    const { agent } = await this.caller(joinToken)
    return agent.join({ machine, agentVersion: 'test', nodes })
  }

  async claim(claim: Claim) {
    const { agent } = await this.caller()
    return agent.claim(claim)
  }

  async heartbeat(beats: NodeHeartbeat[]) {
    const { agent } = await this.caller()
    return agent.heartbeat({ beats })
  }

  async report(reports: ReplicaReport[]) {
    const { agent } = await this.caller()
    return agent.report({ sentAt: new Date(systemClock.now()).toISOString(), reports })
  }

  async resolveImage(found: ResolvedImage) {
    const { agent } = await this.caller()
    return agent.resolveImage(found)
  }

  async sendLogs(chunks: LogChunk[]) {
    const { agent } = await this.caller()
    return agent.logs({ chunks })
  }

  /** Nothing is pushed: the answers to heartbeats bring what is wanted. */
  watch(_nodeIds: string[], handlers: WatchHandlers): Watch {
    queueMicrotask(() => handlers.onConnection(true, null))
    return { restart: () => undefined, close: () => undefined }
  }

  private caller(joinToken: string | null = null) {
    if (this.isCut) throw new ControlPlaneError('unreachable', 'the line is cut')
    const { credential, instance } = this.speaker
    return this.cp.as(null, { agentCredential: credential, agentInstance: instance, joinToken })
  }
}
