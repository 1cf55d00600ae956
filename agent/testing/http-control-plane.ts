/** The control plane in memory behind real HTTP and tRPC, as the server speaks it: for the client and whole processes. */
import { createServer, type Server } from 'node:http'
import { initTRPC, TRPCError, tracked } from '@trpc/server'
import { nodeHTTPRequestHandler } from '@trpc/server/adapters/node-http'
import type {
  AgentNews,
  NodeDescription,
  NodeHeartbeat,
  ReplicaReport,
  ResolvedImage,
} from '@/server/domain/agent-protocol'
import type { LogChunk } from '@/server/domain/log'
import { MemoryControlPlane } from './control-plane'

const t = initTRPC.context<{ credential: string | null }>().create({
  sse: { ping: { enabled: true, intervalMs: 500 }, client: { reconnectAfterInactivityMs: 2_000 } },
})
/** Inputs are the agent's own: what the real server checks is not for here. */
const as =
  <Input>() =>
  (value: unknown) =>
    value as Input

export class HttpControlPlane {
  readonly memory = new MemoryControlPlane()
  /** Credentials that joined. */
  readonly credentials = new Set<string>()
  joinToken = 'token'
  /** How many subscriptions stand. */
  watching = 0
  private server: Server | null = null
  private readonly endings = new Set<() => void>()

  private readonly router = t.router({
    agent: t.router({
      join: t.procedure
        .input(as<{ joinToken: string | null; credential: string; nodes: NodeDescription[] }>())
        .mutation(({ input }) => {
          if (!this.credentials.has(input.credential) && input.joinToken !== this.joinToken) {
            throw new TRPCError({ code: 'UNAUTHORIZED', message: 'This join token is not valid' })
          }
          this.credentials.add(input.credential)
          return this.memory.join(input.joinToken, input.nodes)
        }),
      heartbeat: this.known
        .input(as<{ beats: NodeHeartbeat[] }>())
        .mutation(({ input }) => this.memory.heartbeat(input.beats, 1_000)),
      report: this.known
        .input(as<{ reports: ReplicaReport[] }>())
        .mutation(({ input }) => this.memory.report(input.reports, 1_000)),
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
      const credential = req.headers.authorization?.replace(/^Bearer /, '') ?? null
      void nodeHTTPRequestHandler({ router: this.router, req, res, path, createContext: () => ({ credential }) })
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
      if (ctx.credential && this.credentials.has(ctx.credential)) return next()
      throw new TRPCError({ code: 'UNAUTHORIZED', message: 'No node belongs to this credential: join again' })
    })
  }

  private async *states(nodeIds: string[], signal: AbortSignal | undefined) {
    const waiting: { id: string; news: AgentNews }[] = []
    let wake = () => {}
    const add = (id: string, news: AgentNews) => {
      waiting.push({ id, news })
      wake()
    }
    const watch = this.memory.watch(nodeIds, {
      onWanted: (state) => add(`${state.nodeId}:${state.revision}`, state),
      onLogWishes: (logs) => add(`${logs.nodeId}:logs`, { logs }),
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
