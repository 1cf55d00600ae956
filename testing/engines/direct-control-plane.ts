/** Connects agents in the same process to the real control plane and its database. Tests can cut the connection. */
import { TRPCError } from '@trpc/server'
import { systemClock } from '@/agent/lib/clock'
import { errorOfCode } from '@/agent/transport/client'
import {
  type ControlPlane,
  ControlPlaneError,
  type Speaker,
  type Watch,
  type WatchHandlers,
} from '@/agent/transport/control-plane'
import type { Claim, MachineFacts } from '@/core/agents/identity'
import type { NodeDescription, NodeHeartbeat, ReplicaReport, ResolvedImage } from '@/core/agents/protocol'
import type { LogChunk } from '@/core/logs/log'
import type { TestControlPlane } from '@/testing/control-plane'

export class DirectControlPlane implements ControlPlane {
  isCut = false

  constructor(
    private readonly cp: TestControlPlane,
    private readonly speaker: Speaker,
  ) {}

  join(joinToken: string | null, nodes: NodeDescription[], machine: MachineFacts) {
    return this.call((agent) => agent.join({ machine, agentVersion: 'test', nodes }), joinToken)
  }

  claim(claim: Claim) {
    return this.call((agent) => agent.claim(claim))
  }

  heartbeat(beats: NodeHeartbeat[]) {
    return this.call((agent) => agent.heartbeat({ beats }))
  }

  report(reports: ReplicaReport[]) {
    return this.call((agent) => agent.report({ sentAt: new Date(systemClock.now()).toISOString(), reports }))
  }

  resolveImage(found: ResolvedImage) {
    return this.call((agent) => agent.resolveImage(found))
  }

  sendLogs(chunks: LogChunk[]) {
    return this.call((agent) => agent.logs({ chunks }))
  }

  /** Nothing is pushed; the answers to heartbeats contain the desired state. */
  watch(_nodeIds: string[], handlers: WatchHandlers): Watch {
    queueMicrotask(() => handlers.onConnection(true, null))
    return { restart: () => undefined, close: () => undefined }
  }

  /** Converts failures to the errors that agents get over the network. */
  private async call<Answer>(does: (agent: AgentCalls) => Promise<Answer>, joinToken: string | null = null) {
    if (this.isCut) throw new ControlPlaneError('unreachable', 'the line is cut')
    const { credential, instance } = this.speaker
    const { agent } = await this.cp.as(null, { agentCredential: credential, agentInstance: instance, joinToken })
    try {
      return await does(agent)
    } catch (error) {
      throw error instanceof TRPCError ? errorOfCode(error.code, error.message) : error
    }
  }
}

type AgentCalls = Awaited<ReturnType<TestControlPlane['as']>>['agent']
