/** The control plane in memory behind real HTTP and tRPC, for tests of the client and of whole processes. */
import { createServer, type Server } from 'node:http'
import { initTRPC, TRPCError, tracked } from '@trpc/server'
import { nodeHTTPRequestHandler } from '@trpc/server/adapters/node-http'
import {
  type Claim,
  type ClaimAnswer,
  type Holder,
  judgeClaim,
  type MachineFacts,
  refusalText,
  waitText,
} from '@/core/agents/identity'
import {
  type AgentNews,
  agentHeaders,
  type NodeDescription,
  type NodeHeartbeat,
  type ReplicaReport,
  type ResolvedImage,
} from '@/core/agents/protocol'
import type { LogChunk } from '@/core/logs/log'
import { MemoryControlPlane } from './control-plane'

const t = initTRPC.context<{ credential: string; instance: string; joinToken: string | null }>().create({
  sse: { ping: { enabled: true, intervalMs: 500 }, client: { reconnectAfterInactivityMs: 2_000 } },
})
/** Inputs are not validated here; the real server's checks are tested elsewhere. */
const as =
  <Input>() =>
  (value: unknown) =>
    value as Input

export class HttpControlPlane {
  readonly memory = new MemoryControlPlane()
  /** By credential of joined agents: the process that holds the nodes. */
  readonly holders = new Map<string, Holder>()
  joinToken = 'token'
  /** When the newest reports were sent, by the agent's clock. */
  sentAt: string | null = null
  /** Number of open subscriptions. */
  watching = 0
  private server: Server | null = null
  private readonly endings = new Set<() => void>()

  private readonly router = t.router({
    agent: t.router({
      join: t.procedure.input(as<{ machine: MachineFacts; nodes: NodeDescription[] }>()).mutation(({ ctx, input }) => {
        const { credential, instance } = ctx
        if (this.holders.has(credential)) this.requireHolder(ctx)
        else if (ctx.joinToken !== this.joinToken)
          throw new TRPCError({ code: 'UNAUTHORIZED', message: 'This join token is not valid' })
        this.holders.set(credential, { instance, machine: input.machine, offlineSeconds: 0 })
        return this.memory.join(ctx.joinToken, input.nodes)
      }),
      claim: t.procedure.input(as<Claim>()).mutation(({ ctx, input }) => this.judged(ctx, input)),
      heartbeat: this.known
        .input(as<{ beats: NodeHeartbeat[] }>())
        .mutation(({ input }) => this.memory.heartbeat(input.beats, 1_000)),
      report: this.known.input(as<{ sentAt: string | null; reports: ReplicaReport[] }>()).mutation(({ input }) => {
        this.sentAt = input.sentAt
        return this.memory.report(input.reports, 1_000)
      }),
      resolveImage: this.known
        .input(as<ResolvedImage>())
        .mutation(({ input }) => this.memory.resolveImage(input, 1_000)),
      logs: this.known
        .input(as<{ chunks: LogChunk[] }>())
        .mutation(({ input }) => this.memory.sendLogs(input.chunks, 1_000)),
      watch: this.known
        .input(as<{ nodeIds: string[] }>())
        .subscription(({ input, signal }) => this.states(input.nodeIds, signal)),
    }),
  })

  async start(port = 0): Promise<string> {
    this.server = createServer((req, res) => {
      const path = new URL(req.url ?? '/', 'http://server').pathname.replace(/^\/api\/trpc\/?/, '')
      const credential = req.headers.authorization?.replace(/^Bearer /, '') ?? ''
      const [instance, joinToken] = [agentHeaders.instance, agentHeaders.joinToken].map((name) => req.headers[name])
      const context = { credential, instance: String(instance), joinToken: joinToken ? String(joinToken) : null }
      void nodeHTTPRequestHandler({ router: this.router, req, res, path, createContext: () => context })
    })
    await new Promise<void>((resolve) => this.server?.listen(port, '127.0.0.1', resolve))
    return `http://127.0.0.1:${this.port}`
  }

  get port(): number {
    const address = this.server?.address()
    return typeof address === 'object' && address ? address.port : 0
  }

  async stop(): Promise<void> {
    const { server } = this
    this.server = null
    for (const end of this.endings) end()
    server?.closeAllConnections()
    if (server) await new Promise((resolve) => server.close(resolve))
  }

  private get known() {
    return t.procedure.use(({ ctx, next }) => {
      this.requireHolder(ctx)
      return next()
    })
  }

  private requireHolder({ credential, instance }: { credential: string; instance: string }): void {
    const holder = this.holders.get(credential)
    if (!holder)
      throw new TRPCError({ code: 'UNAUTHORIZED', message: 'No node belongs to this credential: join again' })
    if (holder.instance !== instance)
      throw new TRPCError({ code: 'PRECONDITION_FAILED', message: 'This agent does not speak for its nodes now' })
  }

  /** Decides a claim by the rules of the real control plane. */
  private judged({ credential, instance }: { credential: string; instance: string }, claim: Claim): ClaimAnswer {
    const holder = this.holders.get(credential) ?? null
    if (holder === null) throw new TRPCError({ code: 'UNAUTHORIZED', message: 'No node belongs to this credential' })
    const verdict = judgeClaim({ holder, instance, claim, allowed: null, leaseSeconds: 15 })
    if (verdict.state === 'look') return { state: 'look', holder: { instance: holder.instance, ...holder.machine } }
    if (verdict.state === 'granted') {
      this.holders.set(credential, { instance, machine: claim.machine, offlineSeconds: 0 })
      return { state: 'granted' }
    }
    const reported = { node: 'its node', more: 0, holder, machine: claim.machine }
    if (verdict.state === 'wait') return { state: 'wait', why: waitText(reported) }
    const { second } = verdict
    return { state: 'refused', here: second === 'process', why: refusalText(second, reported) }
  }

  private async *states(nodeIds: string[], signal: AbortSignal | undefined) {
    const waiting: { id: string; news: AgentNews }[] = []
    let wake = () => {}
    const add = (id: string, news: AgentNews) => {
      waiting.push({ id, news })
      wake()
    }
    const watch = this.memory.watch(nodeIds, {
      onDesired: (state) => add(`${state.nodeId}:${state.revision}`, state),
      onLogSubscriptions: (logs) => add(`${logs.nodeId}:logs`, { logs }),
      onConnection: () => undefined,
    })
    const end = () => wake()
    this.endings.add(end)
    signal?.addEventListener('abort', end)
    this.watching += 1
    try {
      while (!signal?.aborted && this.server) {
        const next = waiting.shift()
        if (next) yield tracked(next.id, next.news)
        else
          await new Promise<void>((resolve) => {
            wake = resolve
          })
      }
    } finally {
      this.watching -= 1
      this.endings.delete(end)
      watch.close()
    }
  }
}
