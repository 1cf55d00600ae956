/** The control plane over tRPC: calls with their own time-outs, and a subscription that reconnects by itself. */
import {
  createTRPCClient,
  httpLink,
  httpSubscriptionLink,
  splitLink,
  type TRPCClient,
  TRPCClientError,
} from '@trpc/client'
import { Backoff } from '@/agent/lib/backoff'
import type { Clock } from '@/agent/lib/clock'
import { messageOf } from '@/agent/lib/log'
import { agentVersion } from '@/agent/lib/version'
import type { Claim, MachineFacts } from '@/core/agents/identity'
import {
  agentHeaders,
  type NodeDescription,
  type NodeHeartbeat,
  type ReplicaReport,
  type ResolvedImage,
} from '@/core/agents/protocol'
import type { LogChunk } from '@/core/logs/log'
import type { AppRouter } from '@/server/api/root'
import {
  type ControlPlane,
  ControlPlaneError,
  type Joined,
  type Speaker,
  type Watch,
  type WatchHandlers,
} from './control-plane'
import { FetchEventSource } from './event-source'

/**
 * A GET request contains the ids of its nodes, and servers accept URLs of at most 16 kB; this many ids stay well below
 * that.
 */
const nodesPerWatch = 200
const joinTimeoutMs = 60_000
const claimTimeoutMs = 10_000

const joinHeaders = ({ joinToken }: Record<string, unknown>): Record<string, string> =>
  typeof joinToken === 'string' ? { [agentHeaders.joinToken]: joinToken } : {}

export class TrpcControlPlane implements ControlPlane {
  private readonly client: TRPCClient<AppRouter>

  constructor(
    server: string,
    { credential, instance }: Speaker,
    private readonly clock: Pick<Clock, 'now'>,
  ) {
    const url = `${server.replace(/\/+$/, '')}/api/trpc`
    const headers = { authorization: `Bearer ${credential}`, [agentHeaders.instance]: instance }
    this.client = createTRPCClient<AppRouter>({
      links: [
        splitLink({
          condition: (op) => op.type === 'subscription',
          true: httpSubscriptionLink({
            url,
            EventSource: FetchEventSource,
            eventSourceOptions: { headers },
          }),
          // No batching: a heartbeat must not wait for the answer to a long report.
          false: httpLink({
            url,
            headers: ({ op }) => ({ ...headers, ...joinHeaders(op.context) }),
          }),
        }),
      ],
    })
  }

  async join(joinToken: string | null, nodes: NodeDescription[], machine: MachineFacts): Promise<Joined> {
    const input = { machine, nodes, agentVersion }
    const context = { joinToken }
    return this.call((signal) => this.client.agent.join.mutate(input, { signal, context }), joinTimeoutMs)
  }

  claim(claim: Claim) {
    return this.call((signal) => this.client.agent.claim.mutate(claim, { signal }), claimTimeoutMs)
  }

  heartbeat(beats: NodeHeartbeat[], timeoutMs: number) {
    return this.call((signal) => this.client.agent.heartbeat.mutate({ beats }, { signal }), timeoutMs)
  }

  report(reports: ReplicaReport[], timeoutMs: number) {
    // By the same clock as the times in the reports, so that their age is correct even if that clock is wrong.
    const sentAt = new Date(this.clock.now()).toISOString()
    return this.call((signal) => this.client.agent.report.mutate({ sentAt, reports }, { signal }), timeoutMs)
  }

  resolveImage(found: ResolvedImage, timeoutMs: number) {
    return this.call((signal) => this.client.agent.resolveImage.mutate(found, { signal }), timeoutMs)
  }

  sendLogs(chunks: LogChunk[], timeoutMs: number) {
    return this.call((signal) => this.client.agent.logs.mutate({ chunks }, { signal }), timeoutMs)
  }

  watch(nodeIds: string[], handlers: WatchHandlers): Watch {
    const parts: Watch[] = []
    const connected = new Set<number>()
    const wanted = Math.ceil(nodeIds.length / nodesPerWatch)
    for (let at = 0; at < nodeIds.length; at += nodesPerWatch) {
      const part = this.watchPart(nodeIds.slice(at, at + nodesPerWatch), {
        onDesired: handlers.onDesired,
        onLogSubscriptions: handlers.onLogSubscriptions,
        onConnection(isConnected, reason) {
          if (isConnected) connected.add(at)
          else connected.delete(at)
          handlers.onConnection(connected.size === wanted, reason)
        },
      })
      parts.push(part)
    }
    return {
      restart: () => {
        for (const part of parts) part.restart()
      },
      close: () => {
        for (const part of parts) part.close()
      },
    }
  }

  private watchPart(nodeIds: string[], handlers: WatchHandlers): Watch {
    const backoff = new Backoff({ firstMs: 1_000, maxMs: 30_000 }, Math.random)
    let subscription: { unsubscribe(): void } | null = null
    let again: NodeJS.Timeout | null = null
    let round = 0
    const close = () => {
      round += 1
      if (again) clearTimeout(again)
      subscription?.unsubscribe()
    }
    const open = () => {
      close()
      const mine = round
      const ended = (reason: string) => {
        if (mine !== round) return
        handlers.onConnection(false, reason)
        again = setTimeout(open, backoff.next())
      }
      subscription = this.client.agent.watch.subscribe(
        { nodeIds },
        {
          onData({ data }) {
            if (mine !== round) return
            if ('logs' in data) handlers.onLogSubscriptions(data.logs)
            else handlers.onDesired(data)
          },
          onConnectionStateChange({ state, error }) {
            if (mine !== round || state === 'idle') return
            if (state === 'pending') backoff.reset()
            handlers.onConnection(state === 'pending', error ? messageOf(error) : null)
          },
          onError: (error) => ended(messageOf(error)),
          onComplete: () => ended('the server ended the stream'),
        },
      )
    }
    open()
    return { restart: open, close }
  }

  private async call<Answer>(mutate: (signal: AbortSignal) => Promise<Answer>, timeoutMs: number): Promise<Answer> {
    const signal = AbortSignal.timeout(timeoutMs)
    try {
      return await mutate(signal)
    } catch (error) {
      if (signal.aborted) {
        throw new ControlPlaneError('unreachable', `the control plane did not answer within ${timeoutMs / 1000} s`)
      }
      throw classified(error)
    }
  }
}

const classified = (error: unknown): ControlPlaneError => {
  const data: unknown = error instanceof TRPCClientError ? error.data : null
  return errorOfCode(typeof data === 'object' && data !== null && 'code' in data ? data.code : null, messageOf(error))
}

/** An answer without one of these codes is not from the control plane but from a proxy, or there was none. */
export const errorOfCode = (code: unknown, message: string): ControlPlaneError => {
  if (code === 'PRECONDITION_FAILED') return new ControlPlaneError('not-holder', message)
  if (code === 'UNAUTHORIZED') return new ControlPlaneError('unauthorized', message)
  const passing = [null, 'SERVICE_UNAVAILABLE', 'TOO_MANY_REQUESTS', 'TIMEOUT']
  const kind = passing.some((each) => each === code)
    ? 'unreachable'
    : code === 'INTERNAL_SERVER_ERROR'
      ? 'faulty'
      : 'refused'
  return new ControlPlaneError(kind, message)
}
