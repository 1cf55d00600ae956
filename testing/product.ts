/** Runs the product as people start it, with its own data folder and port; tests may kill any part. */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { processStart } from '@/agent/lib/lock'
import { findPostmaster } from '@/server/db/embedded/postmaster'
import { startEmbeddedPostgres } from '@/server/db/embedded/server'
import { loadSecrets } from '@/server/lib/secrets'
import { remove, removeOrphans, testFolder } from './postgres'

/** The processes beside the supervisor, and the pattern of each command line. */
const parts = { web: /gateway\/main/, scheduler: /worker\/main/, fleet: /agent\/cli\/fleet/ } as const
type Part = keyof typeof parts

interface ProductOptions {
  /** Name of the data folder and the log in `.test`; unique per run. */
  name: string
  fleet: 'demo' | 'none'
  env?: Record<string, string>
}

interface Mark {
  pid: number
  startedAt: string
}

const startTimeoutMs = 240_000
const stopTimeoutMs = 20_000

/** Processes that this one started: none may outlive an interrupted run. */
const started = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of started) child.kill('SIGKILL')
})

export class Product {
  readonly password = randomBytes(12).toString('base64url')
  private child: ChildProcess | null = null
  private printed = ''

  private constructor(
    private readonly options: ProductOptions,
    readonly dataDir: string,
    readonly port: number,
  ) {}

  /** Prepares a product without starting it. Removes data folders of killed runs with the same name. */
  static async prepare(options: ProductOptions): Promise<Product> {
    const prefix = `${options.name}-`
    await removeOrphans(prefix)
    mkdirSync(testFolder, { recursive: true })
    const product = new Product(options, join(testFolder, `${prefix}${process.pid}`), await freePort())
    rmSync(product.logFile, { force: true })
    return product
  }

  get url(): string {
    return `http://localhost:${this.port}`
  }

  get logFile(): string {
    return join(testFolder, `${this.options.name}.log`)
  }

  /** All output of the product since the first start. */
  get output(): string {
    return this.printed
  }

  /** Starts the product. Resolves once it reports that it is ready. */
  async start(): Promise<void> {
    const { DATABASE_URL: _none, ...inherited } = process.env
    const env = {
      ...inherited,
      PORT: String(this.port),
      FOGDECK_DATA_DIR: this.dataDir,
      FOGDECK_ADMIN_USERNAME: 'admin',
      FOGDECK_ADMIN_PASSWORD: this.password,
      FOGDECK_FLEET: this.options.fleet,
      FOGDECK_DEMO_NODES: '12',
      FOGDECK_ROLE: 'all',
      // Only simulated nodes, so that a container engine on this machine doesn't affect the run.
      DOCKER_HOST: 'unix:///nowhere/docker.sock',
      // The tests' receivers are on this machine.
      FOGDECK_WEBHOOK_ADDRESSES: '127.0.0.1',
      ...this.options.env,
    }
    // Through the IPC channel the product notices when this run is killed.
    const child = spawn(process.execPath, ['scripts/start.mjs'], { env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
    started.add(child)
    child.once('exit', () => started.delete(child))
    this.child = child
    const from = this.printed.length
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.printed += text
        appendFileSync(this.logFile, text)
      })
    }
    const fail = (why: string) => new Error(`${why}; it said:\n${this.printed.slice(from)}`)
    const deadline = Date.now() + startTimeoutMs
    while (!this.printed.slice(from).includes('Fogdeck is ready')) {
      if (child.exitCode !== null || child.signalCode !== null) throw fail('The product ended before it was ready')
      if (Date.now() > deadline) throw fail('The product was not ready in time')
      await sleep(50)
    }
  }

  /** Stops the product gracefully, as Ctrl+C does. */
  async stop(): Promise<void> {
    const { child } = this
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs)
    await ended
    clearTimeout(timer)
  }

  /** Stops the product and removes everything but its log. */
  async remove(): Promise<void> {
    await this.stop()
    await remove(this.dataDir)
  }

  /** The process id of a part; null while it doesn't run. */
  async pidOf(part: Part): Promise<number | null> {
    for (const { pid, startedAt } of this.children()) {
      if ((await processStart(pid)) === startedAt && parts[part].test(commandOf(pid))) return pid
    }
    return null
  }

  /** Sends SIGKILL, or another signal, to one part. The supervisor should start it again. */
  async kill(part: Part, signal: NodeJS.Signals = 'SIGKILL'): Promise<number> {
    const pid = await this.pidOf(part)
    if (pid === null) throw new Error(`There is no ${part} to send ${signal}`)
    process.kill(pid, signal)
    return pid
  }

  /** Sends SIGKILL to everything at once: supervisor, web server, scheduler and agents, and optionally the database. */
  async killAll({ database }: { database: boolean }): Promise<void> {
    const { child } = this
    if (!child?.pid) throw new Error('The product does not run')
    const pids = [child.pid, ...this.children().map(({ pid }) => pid)]
    const postmaster = database ? findPostmaster(join(this.dataDir, 'postgres')) : null
    if (postmaster) pids.push(postmaster.pid)
    for (const pid of pids) process.kill(pid, 'SIGKILL')
    for (const pid of pids) while ((await processStart(pid)) !== null) await sleep(20)
  }

  /** Sends SIGKILL to the database only. */
  async killDatabase(): Promise<void> {
    const postmaster = findPostmaster(join(this.dataDir, 'postgres'))
    if (!postmaster) throw new Error('The database does not run')
    process.kill(postmaster.pid, 'SIGKILL')
    while ((await processStart(postmaster.pid)) !== null) await sleep(20)
  }

  /** Queries the product's database; the product need not run. */
  async sql<Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> {
    const password = loadSecrets(this.dataDir).databasePassword
    const { url } = await startEmbeddedPostgres({ dataDir: this.dataDir, password })
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    try {
      return (await client.query<Row>(text, values)).rows
    } finally {
      await client.end()
    }
  }

  /** The child processes from the supervisor's file. */
  private children(): Mark[] {
    const file = join(this.dataDir, 'running-all.json')
    // Only the supervisor writes the file, atomically.
    return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { children: Mark[] }).children : []
  }
}

const commandOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0)
  await once(server, 'listening')
  const address = server.address()
  server.close()
  if (typeof address !== 'object' || address === null) throw new Error('No port is free')
  return address.port
}
