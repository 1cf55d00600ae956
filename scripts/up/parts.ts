/** The programs that run beside the supervisor, and their command lines. */
import { isIP } from 'node:net'
import { join } from 'node:path'
import { socketOf } from '../../agent/cli/settings'
import { readIdentity } from '../../agent/lib/identity'
import { openStore, type Store } from '../../server/db/client'
import type { Env } from '../../server/lib/env'
import { loadSecrets } from '../../server/lib/secrets'
import { createJoinToken } from '../../server/store/agents/join-tokens'
import { systemAuthor } from '../../server/store/records/audit'
import { engineAnswers } from './engine'
import type { Command } from './part'
import { say } from './progress'

export interface PartPlan {
  name: string
  /** How many nodes an agent brings; null for other programs. Agents start after the web server and stop before it. */
  nodes: number | null
  command: () => Promise<Command>
}

type Settings = Record<string, string>

/** The address that the parts on this machine use. */
export function localAddress({ host, port }: Env): string {
  if (isIP(host) === 4) return `http://${host === '0.0.0.0' ? '127.0.0.1' : host}:${port}`
  return `http://[${host === '::' ? '::1' : host}]:${port}`
}

export async function planParts(env: Env, databaseUrl: () => string): Promise<PartPlan[]> {
  const server = (settings: Settings = {}): NodeJS.ProcessEnv => ({
    ...environment(),
    ...settings,
    NODE_ENV: 'production',
    DATABASE_URL: databaseUrl(),
    FOGDECK_DATA_DIR: env.dataDir,
  })
  const plans: PartPlan[] = []
  if (env.role !== 'scheduler') {
    const settings = {
      PORT: String(env.port),
      // The sign-in library reads its address only from this variable.
      NEXTAUTH_URL: env.publicUrl ?? `http://localhost:${env.port}`,
      // Next would wait forever for open event streams, so the server ends itself (instrumentation-node.ts).
      NEXT_MANUAL_SIG_HANDLE: '1',
      NEXT_TELEMETRY_DISABLED: '1',
    }
    const args = ['--import', 'tsx/esm', 'server/gateway/main.ts']
    plans.push({ name: 'web server', nodes: null, command: async () => ({ args, env: server(settings) }) })
  }
  if (env.role !== 'web') {
    const args = ['--import', 'tsx', 'server/worker/main.ts']
    plans.push({ name: 'scheduler', nodes: null, command: async () => ({ args, env: server() }) })
  }
  return env.role === 'all' ? [...plans, ...(await planAgents(env, databaseUrl))] : plans
}

async function planAgents(env: Env, databaseUrl: () => string): Promise<PartPlan[]> {
  const plans: PartPlan[] = []
  const add = (agent: Agent) => {
    plans.push({ name: agent.name, nodes: agent.nodes, command: () => agentCommand(agent, env, databaseUrl()) })
  }
  if (env.fleet === 'demo') {
    const args = ['agent/cli/fleet.ts', '--nodes', String(env.demoNodes), '--seed', '7']
    add({ name: 'demo fleet', folder: 'demo', nodes: env.demoNodes, args })
  }
  if (env.fleet !== 'none') {
    const socket = socketOf({})
    if (await engineAnswers(socket)) {
      add({ name: 'agent of this machine', folder: 'local', nodes: 1, args: ['agent/cli/main.ts', '--socket', socket] })
    } else if (env.fleet === 'local') {
      say(
        `No container engine answers on this machine (${socket}), so it cannot be a node: start Docker or Podman, then start again`,
      )
    }
  }
  return plans
}

interface Agent {
  name: string
  folder: string
  nodes: number
  args: string[]
}

async function agentCommand(agent: Agent, env: Env, databaseUrl: string): Promise<Command> {
  const dataDir = join(env.dataDir, 'agents', agent.folder)
  const token = await withStore(env, databaseUrl, (store) => tokenFor(agent, dataDir, store))
  return {
    args: ['--import', 'tsx', ...agent.args, '--server', localAddress(env), '--data-dir', dataDir],
    // Not an argument, because every user of the machine can see those.
    env: { ...environment(), NODE_ENV: 'production', ...(token ? { FOGDECK_JOIN_TOKEN: token } : {}) },
  }
}

/** Returns a new join token, or null when this database already knows the agent with as many nodes as it should have. */
async function tokenFor(agent: Agent, dataDir: string, store: Store): Promise<string | null> {
  const ids = (await readIdentity(dataDir))?.nodes.map(({ id }) => id) ?? []
  const known = await store.prisma.node.count({ where: { id: { in: ids } } })
  if (known === ids.length && known >= agent.nodes) return null
  const { token } = await createJoinToken(store, systemAuthor, {
    name: agent.name,
    // Some of the agent's nodes may have been removed, or may belong to another database.
    maxNodes: Math.max(agent.nodes, ids.length),
    expiresInHours: 1,
  })
  return token
}

/** Nodes with a recent heartbeat. */
export async function countPresentNodes(env: Env, databaseUrl: string): Promise<number> {
  const recently = new Date(Date.now() - 10_000)
  return withStore(env, databaseUrl, ({ prisma }) => prisma.node.count({ where: { lastHeartbeat: { gt: recently } } }))
}

export async function withStore<T>(env: Env, databaseUrl: string, work: (store: Store) => Promise<T>): Promise<T> {
  const store = openStore(databaseUrl, { sealKey: loadSecrets(env.dataDir).sealKey, maxConnections: 2 })
  try {
    return await work(store)
  } finally {
    await store.close()
  }
}

/** Our own environment, without variables that a part should not see. */
function environment(): NodeJS.ProcessEnv {
  const { DATABASE_URL: _database, FOGDECK_ADMIN_PASSWORD: _password, ...rest } = process.env
  return rest
}
