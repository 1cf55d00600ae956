/**
 * The whole product with each program as a separate process, so that each can be killed, paused and cut off alone: the
 * embedded PostgreSQL, a web server, two schedulers, fleets of simulated nodes, and agents on real engines.
 */
import { randomBytes } from 'node:crypto'
import { cpSync, mkdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { processStart } from '@/agent/lib/lock'
import { planParts, withStore } from '@/scripts/up/parts'
import { findPostmaster } from '@/server/db/embedded/postmaster'
import { startEmbeddedPostgres } from '@/server/db/embedded/server'
import { applyMigrations } from '@/server/db/migrate/migrate'
import { type Env, readEnv } from '@/server/lib/env'
import { loadSecrets } from '@/server/lib/secrets'
import { ensureFirstAdmin } from '@/server/store/accounts/users'
import { createJoinToken } from '@/server/store/agents/join-tokens'
import { systemAuthor } from '@/server/store/records/audit'
import type { EngineCluster } from '@/testing/engines/cluster'
import { remove, removeOrphans, testFolder } from '@/testing/postgres'
import { type Launch, Program } from './program'
import { Wire } from './wire'

interface StackOptions {
  /** The source tree that the programs run from: the project, or a copy of it. */
  root: string
  /** The simulated nodes of each fleet program, and the regions over which they are spread. */
  fleets: { nodes: number; regions: string[] }[]
  cluster: EngineCluster | null
  onDeath: (program: string, how: string) => void
}

export const logFolder = join(testFolder, 'chaos-logs')
const prefix = 'chaos-'
const schedulers = ['scheduler-1', 'scheduler-2'] as const

/** Modules that agents load before their own code. */
const preload = (name: 'doors' | 'elsewhere'): string[] => [
  '--import',
  join(import.meta.dirname, 'preload', `${name}.ts`),
]

/** The size of a real node, whatever the machine under it. */
const engineSize = ['--cpu', '6', '--memory', '12288', '--storage', '200']

export class Stack {
  readonly dataDir = join(testFolder, `${prefix}${process.pid}`)
  readonly password = randomBytes(12).toString('base64url')
  readonly programs = new Map<string, Program>()
  /** By program: the connection to the database (of servers) or to the web server (of agents). */
  readonly wires = new Map<string, Wire>()
  /** The launch options of each agent program, by its name. */
  private readonly launches = new Map<string, AgentLaunch>()
  private readonly clones = new Set<Program>()
  /** Secrets that must not be found in the clear anywhere. */
  readonly secrets: string[] = [this.password]
  private databasePort = 0
  private ending = false

  private constructor(
    private readonly options: StackOptions,
    readonly webPort: number,
  ) {}

  static async start(options: StackOptions): Promise<Stack> {
    await removeOrphans(prefix)
    rmSync(logFolder, { recursive: true, force: true })
    mkdirSync(logFolder, { recursive: true })
    const stack = new Stack(options, await freePort())
    try {
      await stack.up()
      return stack
    } catch (error) {
      await stack.end()
      throw error
    }
  }

  get url(): string {
    return `http://127.0.0.1:${this.webPort}`
  }

  get cluster(): EngineCluster | null {
    return this.options.cluster
  }

  /** Leads directly to the database, past all wires. */
  get databaseUrl(): string {
    return this.databaseUrlAt(this.databasePort)
  }

  get sealKey(): string {
    return loadSecrets(this.dataDir).sealKey
  }

  /** Folders in which the simulated engines keep their containers. */
  get fleetFolders(): string[] {
    return this.options.fleets.map((_, index) => this.agentDir(`fleet-${index + 1}`))
  }

  program(name: string): Program {
    const found = this.programs.get(name)
    if (!found) throw new Error(`There is no program ${name}`)
    return found
  }

  wire(name: string): Wire {
    const found = this.wires.get(name)
    if (!found) throw new Error(`There is no wire of ${name}`)
    return found
  }

  /** The program behind a leader's name, which begins with its machine and its process. */
  schedulerOf(leader: string | null): string | null {
    const isOf = (name: string) => `${leader}-`.startsWith(`${hostname()}-${this.program(name).pid}-`)
    return schedulers.find(isOf) ?? null
  }

  otherScheduler(name: string): string {
    return name === schedulers[0] ? schedulers[1] : schedulers[0]
  }

  /** Tries again when the database is killed while it starts, as the supervisor does. */
  async startDatabase(): Promise<void> {
    const password = loadSecrets(this.dataDir).databasePassword
    const deadline = Date.now() + 60_000
    for (;;) {
      try {
        const { url } = await startEmbeddedPostgres({ dataDir: this.dataDir, password })
        this.databasePort = Number(new URL(url).port)
        return
      } catch (error) {
        if (Date.now() > deadline || this.ending) throw error
        await sleep(500)
      }
    }
  }

  /** False when the database does not run. Its sessions end with it. */
  async killDatabase(): Promise<boolean> {
    const postmaster = findPostmaster(join(this.dataDir, 'postgres'))
    if (!postmaster) return false
    process.kill(postmaster.pid, 'SIGKILL')
    while ((await processStart(postmaster.pid)) !== null) await sleep(10)
    return true
  }

  /** Starts every program that does not run, and restores every connection. */
  async restore(): Promise<void> {
    for (const wire of this.wires.values()) wire.heal()
    await this.startDatabase()
    for (const program of this.programs.values()) await program.start()
  }

  async end(): Promise<void> {
    this.ending = true
    for (const wire of this.wires.values()) wire.close()
    await Promise.all([...this.programs.values(), ...this.clones].map((program) => program.kill()))
    await remove(this.dataDir)
  }

  private async up(): Promise<void> {
    mkdirSync(this.dataDir, { recursive: true, mode: 0o700 })
    await this.startDatabase()
    await applyMigrations(this.databaseUrl)
    await this.withStore((store) => ensureFirstAdmin(store, { username: 'admin', password: this.password }))
    await this.addServer('web', this.env('web'))
    for (const name of schedulers) await this.addServer(name, this.env('scheduler'))
    await this.program('web').start()
    for (const name of schedulers) await this.program(name).start()
    await this.answers('/api/ready', 120_000)
    for (const [index, fleet] of this.options.fleets.entries()) await this.addFleet(index + 1, fleet)
    for (const [index, engine] of (this.cluster?.engines ?? []).entries()) await this.addAgent(index + 1, engine)
    const agents = [...this.programs.values()].filter(({ name }) => /^(fleet|agent)-/.test(name))
    await Promise.all(agents.map((agent) => agent.start()))
    await this.nodesAreThere()
  }

  private async answers(path: string, timeoutMs: number): Promise<void> {
    const deadline = Date.now() + timeoutMs
    for (;;) {
      const signal = AbortSignal.timeout(5_000)
      const answer = await fetch(`${this.url}${path}`, { signal }).catch(() => null)
      if (answer?.ok) return
      if (Date.now() > deadline) throw new Error(`${path} is not answered: see ${logFolder}`)
      await sleep(100)
    }
  }

  private async nodesAreThere(): Promise<void> {
    const wanted =
      this.options.fleets.reduce((sum, fleet) => sum + fleet.nodes, 0) + (this.cluster?.engines.length ?? 0)
    const deadline = Date.now() + 120_000
    while ((await this.withStore((store) => store.prisma.node.count())) < wanted) {
      if (Date.now() > deadline) throw new Error(`The nodes did not join: see ${logFolder}`)
      await sleep(200)
    }
  }

  private env(role: 'web' | 'scheduler'): Env {
    return readEnv({ PORT: String(this.webPort), FOGDECK_DATA_DIR: this.dataDir, FOGDECK_ROLE: role })
  }

  private databaseUrlAt(port: number): string {
    return `postgresql://fogdeck:${loadSecrets(this.dataDir).databasePassword}@127.0.0.1:${port}/fogdeck`
  }

  private withStore<T>(work: Parameters<typeof withStore<T>>[2]): Promise<T> {
    return withStore(this.env('web'), this.databaseUrl, work)
  }

  /** Starts a server as the supervisor of `npm start` does, with a wire between it and its database. */
  private async addServer(name: string, env: Env): Promise<void> {
    const wire = new Wire(() => this.databasePort)
    this.wires.set(name, wire)
    const port = await wire.open()
    const [part] = await planParts(env, () => this.databaseUrlAt(port))
    if (!part) throw new Error(`The role ${env.role} has no program`)
    this.add(name, async () => {
      const { args, env: variables } = await part.command()
      return { program: process.execPath, args, env: { ...variables, LOG_LEVEL: 'debug' } }
    })
  }

  private async addFleet(number: number, { nodes, regions }: { nodes: number; regions: string[] }): Promise<void> {
    const name = `fleet-${number}`
    const plan = ['--nodes', String(nodes), '--regions', regions.join(), '--seed', String(number)]
    const args = ['agent/cli/fleet.ts', ...plan, '--prefix', `f${number}-`]
    await this.addAgentProgram(name, { nodes, args, host: '127.0.0.1', inside: [] })
  }

  private async addAgent(number: number, engine: EngineCluster['engines'][number]): Promise<void> {
    const flags = ['--name', `real-${number}`, '--region', 'us-east', '--label', 'kind=real', '--socket', engine.socket]
    const args = ['agent/cli/main.ts', ...flags, ...engineSize]
    await this.addAgentProgram(`agent-${number}`, { nodes: 1, args, host: engine.gateway, inside: engine.inside })
  }

  private async addAgentProgram(
    name: string,
    { nodes, args, host, inside }: { nodes: number; args: string[]; host: string; inside: readonly string[] },
  ): Promise<void> {
    const wire = new Wire(() => this.webPort)
    this.wires.set(name, wire)
    const port = await wire.open(host)
    const token = await this.joinToken(name, nodes)
    const launch: AgentLaunch = { args: [...args, '--server', `http://${host}:${port}`], inside }
    this.launches.set(name, launch)
    this.add(name, async () => {
      const { env, ...command } = agentCommand(launch, preload('doors'), this.agentDir(name))
      return { ...command, env: { ...env, FOGDECK_JOIN_TOKEN: token } }
    })
  }

  /**
   * Starts a second agent from a copy of the data folder and without a token, on this machine or as if on another one.
   * Returns the program, which may exit by itself.
   */
  async clone(name: string, { elsewhere }: { elsewhere: boolean }): Promise<Program> {
    const launch = this.launches.get(name)
    if (!launch) throw new Error(`${name} is no agent`)
    const [cloneName, folder] = [`clone-of-${name}`, this.agentDir(`clone-of-${name}`)]
    copyMoving(this.agentDir(name), folder)
    // The lock names the process that holds the folder, which in fact runs on this machine.
    rmSync(join(folder, 'lock'), { force: true })
    const program = new Program({
      name: cloneName,
      root: this.options.root,
      logFile: join(logFolder, `${cloneName}.log`),
      launch: async () => agentCommand(launch, elsewhere ? preload('elsewhere') : [], folder),
      onDeath: () => this.clones.delete(program),
    })
    this.clones.add(program)
    await program.start()
    return program
  }

  private async joinToken(name: string, nodes: number): Promise<string> {
    const options = { name, maxNodes: nodes, expiresInHours: 1 }
    const { token } = await this.withStore((store) => createJoinToken(store, systemAuthor, options))
    this.secrets.push(token)
    return token
  }

  private agentDir(name: string): string {
    return join(this.dataDir, 'agents', name)
  }

  private add(name: string, launch: () => Promise<Launch>): void {
    const program: Program = new Program({
      name,
      root: this.options.root,
      logFile: join(logFolder, `${name}.log`),
      launch,
      onDeath: (how) => {
        if (this.ending) return
        this.options.onDeath(name, how)
        setTimeout(() => program.start(), 1_000).unref()
      },
    })
    this.programs.set(name, program)
  }
}

interface AgentLaunch {
  args: string[]
  inside: readonly string[]
}

function agentCommand({ args, inside }: AgentLaunch, preloads: string[], folder: string): Launch {
  const [program = process.execPath, ...before] = [...inside, process.execPath, '--import', 'tsx', ...preloads]
  const { DOCKER_HOST: _none, ...rest } = process.env
  const env = { ...rest, NODE_ENV: 'production' as const, LOG_LEVEL: 'debug' }
  return { program, args: [...before, ...args, '--data-dir', folder], env }
}

/** Copies a folder whose files may be replaced meanwhile. */
function copyMoving(from: string, to: string): void {
  for (let tries = 1; ; tries += 1) {
    rmSync(to, { recursive: true, force: true })
    try {
      cpSync(from, to, { recursive: true })
      return
    } catch (error) {
      if (tries === copyTries) throw error
    }
  }
}

const copyTries = 20

async function freePort(): Promise<number> {
  const server = createServer().listen(0)
  await new Promise((resolve) => server.once('listening', resolve))
  const address = server.address()
  server.close()
  if (typeof address !== 'object' || address === null) throw new Error('No port is free')
  return address.port
}
