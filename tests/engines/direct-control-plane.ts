/** The real control plane, its store and its database, for agents in the same process. The line to it may be cut. */
import { type ControlPlane, ControlPlaneError, type Watch, type WatchHandlers } from '@/agent/control-plane'
import type { NodeDescription, NodeHeartbeat, ReplicaReport, ResolvedImage } from '@/server/domain/agent-protocol'
import type { LogChunk } from '@/server/domain/log'
import type { TestControlPlane } from '../control-plane'

export class DirectControlPlane implements ControlPlane {
  isCut = false

  constructor(
    private readonly cp: TestControlPlane,
    private readonly credential: string,
  ) {}

  async join(joinToken: string | null, nodes: NodeDescription[]) {
    const { agent } = await this.caller()
    return agent.join({ joinToken, credential: this.credential, agentVersion: 'test', nodes })
  }

  async heartbeat(beats: NodeHeartbeat[]) {
    const { agent } = await this.caller()
    return agent.heartbeat({ beats })
  }

  async report(reports: ReplicaReport[]) {
    const { agent } = await this.caller()
    return agent.report({ sentAt: new Date().toISOString(), reports })
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

  private caller() {
    if (this.isCut) throw new ControlPlaneError('unreachable', 'the line is cut')
    return this.cp.as(null, { agentCredential: this.credential })
  }
}
