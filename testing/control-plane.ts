/**
 * The control plane on a database of its own, without a web server: tests call procedures, REST and the scheduler
 * directly.
 */
import { randomUUID } from 'node:crypto'
import pino from 'pino'
import type { Role } from '@/core/accounts/roles'
import { type Claim, type MachineFacts, unknownMachine } from '@/core/agents/identity'
import type { DesiredReplica, NodeDescription, ReplicaReport } from '@/core/agents/protocol'
import { noRestarts } from '@/core/deployments/restart'
import { AccessWatch } from '@/server/api/context/access-watch'
import { createPasswordQueue } from '@/server/api/context/auth'
import type { Context, Services } from '@/server/api/context/context'
import { createRefusalLog } from '@/server/api/context/refusal-log'
import { createSignInLog } from '@/server/api/context/sign-in-log'
import { handleLogin } from '@/server/api/http/login'
import { handleRest } from '@/server/api/http/rest'
import { createCaller } from '@/server/api/root'
import { LiveFleet } from '@/server/api/stream/live-fleet'
import { LiveLog } from '@/server/api/stream/live-log'
import { openStore, type Store } from '@/server/db/client'
import { openChangeStream } from '@/server/db/notify'
import { AddressList } from '@/server/lib/addresses'
import type { Account } from '@/server/store/accounts/account'
import { sessionRestMs, startSession } from '@/server/store/accounts/sessions'
import { createSignInLimit } from '@/server/store/accounts/sign-in-limit'
import { createUser, findAccount } from '@/server/store/accounts/users'
import { createAgentInbox } from '@/server/store/agents/inbox'
import { createJoinToken } from '@/server/store/agents/join-tokens'
import { createIntake } from '@/server/store/deployments/intake'
import { claimEvaluations } from '@/server/store/queue/evaluations'
import type { Actor } from '@/server/store/records/audit'
import { evaluate, type Scheduling } from '@/server/worker/evaluate'
import { FleetView } from '@/server/worker/fleet-cache'
import { testDatabaseWithAdmin } from './database'
import { adminPassword, testSealKey } from './templates'

export { adminPassword, testSealKey }
export const userPassword = 'battery staple 7'

let deploymentsSoFar = 0

export interface TestControlPlane {
  url: string
  services: Services
  store: Store
  /** Log lines so far, newest last. */
  logged: string[]
  /** Advances the clock that tokens and retries use. */
  advance(milliseconds: number): void
  actor(username: string): Promise<Actor>
  /** Creates a user with `userPassword`; returns a caller with that user's rights. */
  user(username: string, role: Role): Promise<ReturnType<typeof createCaller>>
  /** A caller with a user's rights; null for nobody. */
  as(username: string | null, overrides?: Partial<Context>): Promise<ReturnType<typeof createCaller>>
  rest(path: string, init?: RequestInit): Promise<Response>
  login(username: string, password: string): Promise<Response>
  /** Fencing number of the scheduler that `schedule` simulates. */
  epoch: bigint
  /** Processes all due evaluations; returns how many. */
  schedule(overrides?: Partial<Scheduling>): Promise<number>
  /** Makes retries and other delayed evaluations due. */
  makeDue(): Promise<void>
  sql<Row extends object>(text: string, values?: unknown[]): Promise<Row[]>
  close(): Promise<void>
}

/** Reads the whole fleet each time, so that tests need not wait for notifications. */
class FreshFleet extends LiveFleet {
  override current() {
    this.invalidate()
    return super.current()
  }
}

/**
 * Starts a control plane. `indexFrom`: the number of nodes from which the scheduler uses its index. `through`: maps the
 * URL of the database, to connect through a proxy or to another database with the same administrator.
 */
export async function testControlPlane(
  options: { indexFrom?: number; through?: (url: string) => string } = {},
): Promise<TestControlPlane> {
  const database = await testDatabaseWithAdmin()
  deploymentsSoFar = 0
  const url = options.through?.(database.url) ?? database.url
  const store = openStore(url, { sealKey: testSealKey })
  const changes = openChangeStream(url, () => undefined)
  const logged: string[] = []
  const log = pino(
    { level: 'debug' },
    { write: (line: string) => void logged.push((JSON.parse(line) as { msg: string }).msg) },
  )
  let offsetMs = 0
  const clock = { now: () => new Date(Date.now() + offsetMs) }
  const livingFleet = new FreshFleet({ store, changes, clock }, { keepsWarm: false })
  const access = new AccessWatch({ store, changes })
  const signInLog = createSignInLog({ store, log })
  const refusalLog = createRefusalLog({ store, log })
  const stopping = new AbortController()
  const services: Services = {
    store,
    changes,
    live: new LiveLog(changes),
    log,
    clock,
    signInLimit: createSignInLimit(store),
    signInLog,
    refusalLog,
    passwordQueue: createPasswordQueue(),
    access,
    intake: createIntake(store),
    fleet: livingFleet,
    inbox: createAgentInbox(store),
    authSecret: 'a secret for tests only, 32 bytes',
    publicUrl: null,
    // The tests' receivers are on this machine.
    webhookAddresses: new AddressList(['127.0.0.1']),
    stopping: stopping.signal,
  }
  // No server runs here, so nothing marks what agents sent as recorded; each call of a procedure is recorded at once.
  await store.pool.query(`update report_intake set heartbeats_until = 'infinity', reports_until = 'infinity'`)
  const { rows } = await store.pool.query<{ epoch: string }>(
    'update scheduler_leadership set epoch = epoch + 1 returning epoch',
  )
  const epoch = BigInt(rows[0]?.epoch ?? 0)

  const fleets = new Map<string, FleetView>()

  /** One valid session per user: it begins when the user is first needed, and again after its end. */
  const sessions = new Map<string, string>()
  const sessionOf = async (account: Account): Promise<string> => {
    const known = sessions.get(account.id)
    if (known && (await sessionRestMs(store, known)) > 0) return known
    const client = { kind: 'browser', address: '127.0.0.1', userAgent: null } as const
    const { id } = await startSession(store.pool, account, client)
    sessions.set(account.id, id)
    return id
  }

  const actor = async (username: string): Promise<Actor> => {
    const found = await store.pool.query<{ id: string }>('select id from users where username = $1', [username])
    const account = await findAccount(store, found.rows[0]?.id ?? '')
    if (!account) throw new Error(`There is no user ${username}`)
    return {
      id: account.id,
      name: username,
      role: account.role,
      sessionId: await sessionOf(account),
      apiTokenId: null,
      address: '127.0.0.1',
    }
  }
  const as: TestControlPlane['as'] = async (username, overrides = {}) =>
    createCaller({
      services,
      actor: username === null ? null : await actor(username),
      refusal: null,
      agentCredential: null,
      agentInstance: null,
      joinToken: null,
      idempotencyKey: null,
      address: '127.0.0.1',
      origin: 'http://localhost:3000',
      resHeaders: new Headers(),
      ...overrides,
    })

  return {
    url,
    services,
    store,
    epoch,
    logged,
    advance: (milliseconds) => {
      offsetMs += milliseconds
    },
    actor,
    as,
    user: async (username, role) => {
      await createUser(store, await actor('admin'), { username, password: userPassword, role })
      return as(username)
    },
    rest: (path, init) => handleRest(services, new Request(`http://localhost:3000/api${path}`, init)),
    login: (username, password) =>
      handleLogin(
        services,
        new Request('http://localhost:3000/api/auth/login', {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ username, password }),
        }),
      ),
    schedule: async (overrides = {}) => {
      const worker = overrides.worker ?? 'test'
      const fleet = fleets.get(worker) ?? new FleetView(store, changes, options)
      fleets.set(worker, fleet)
      const scheduling: Scheduling = { store, log, clock: services.clock, worker, epoch, fleet, ...overrides }
      // Notifications may still be pending.
      scheduling.fleet.invalidate()
      for (let done = 0; ; ) {
        const claimed = [
          ...(await claimEvaluations(store, scheduling, { limit: 16, which: 'fresh' })),
          ...(await claimEvaluations(store, scheduling, { limit: 16, which: 'retried' })),
        ]
        if (claimed.length === 0) return done
        for (let left = claimed; left.length > 0; ) left = await evaluate(scheduling, left)
        done += claimed.length
      }
    },
    makeDue: async () => {
      await store.pool.query(`update evaluations set run_after = now() where status = 'pending'`)
    },
    sql: async (text, values) => (await store.pool.query(text, values)).rows,
    close: async () => {
      stopping.abort()
      for (const fleet of fleets.values()) fleet.close()
      livingFleet.close()
      services.live.close()
      access.close()
      await signInLog.close()
      await refusalLog.close()
      await changes.close()
      await store.close()
      await database.drop()
    },
  }
}

/** A deployment for tests: one replica of 1 core and 1 GiB. The names are web-api, web-api-2, … */
export const aDeployment = (overrides: Record<string, unknown> = {}) => ({
  name: ++deploymentsSoFar === 1 ? 'web-api' : `web-api-${deploymentsSoFar}`,
  type: 'compute' as const,
  container_image: 'nginx:latest',
  replicas: 1,
  resources: { cpu: 1, memory: 1024, gpu: 0, storage: 10 },
  ...overrides,
})

/** A fake agent that obeys as far as a test lets it. */
export class FakeAgent {
  readonly nodes = new Map<string, string>()
  machine: MachineFacts = unknownMachine
  /** The id of its process; a different id is a restart or a copy. */
  instance: string = randomUUID()

  constructor(
    readonly controlPlane: TestControlPlane,
    readonly credential = `credential-${Math.random().toString(36).repeat(4)}`.slice(0, 64),
  ) {}

  async #call(joinToken: string | null = null) {
    const { credential: agentCredential, instance: agentInstance } = this
    return this.controlPlane.as(null, { agentCredential, agentInstance, joinToken })
  }

  /** Claims its nodes. */
  async claim(claim: Partial<Claim> = {}) {
    const { agent } = await this.#call()
    return agent.claim({ machine: this.machine, upSeconds: 1_000, runsSeconds: 100, found: null, ...claim })
  }

  async join(...nodes: (Partial<NodeDescription> & { name: string })[]): Promise<this> {
    const admin = await this.controlPlane.actor('admin')
    const { token } = await createJoinToken(this.controlPlane.store, admin, {
      name: 'test',
      maxNodes: null,
      expiresInHours: 1,
    })
    const joined = await (await this.#call(token)).agent.join({
      machine: this.machine,
      agentVersion: 'test',
      nodes: nodes.map((node) => ({
        region: 'us-east',
        type: 'compute_node',
        labels: {},
        engine: 'simulated' as const,
        engineVersion: null,
        cpuCores: 4,
        memoryMb: 8192,
        storageGb: 100,
        gpuUnits: 0,
        latitude: null,
        longitude: null,
        ...node,
      })),
    })
    for (const node of joined.nodes) this.nodes.set(node.name, node.id)
    await this.heartbeat()
    return this
  }

  id(name: string): string {
    const id = this.nodes.get(name)
    if (!id) throw new Error(`There is no node ${name}`)
    return id
  }

  async heartbeat(
    usage: {
      cpu?: number
      memory?: number
      engineError?: string | null
      revision?: string
      reportsWaiting?: boolean
    } = {},
  ) {
    return (await this.#call()).agent.heartbeat({
      beats: [...this.nodes.values()].map((nodeId) => ({
        nodeId,
        cpuUsagePercent: usage.cpu ?? 0,
        memoryUsagePercent: usage.memory ?? 0,
        engineError: usage.engineError ?? null,
        revision: usage.revision ?? '0',
        reportsWaiting: usage.reportsWaiting ?? false,
      })),
    })
  }

  /** The desired replicas of all its nodes. */
  async wanted(): Promise<(DesiredReplica & { nodeId: string })[]> {
    // A revision that was never assigned makes the control plane return the state of every node, even without replicas.
    const { stale } = await this.heartbeat({ revision: '999999999' })
    return stale.flatMap((state) => state.replicas.map((replica) => ({ ...replica, nodeId: state.nodeId })))
  }

  async report(
    replica: { nodeId: string; replicaId: string },
    overrides: Partial<ReplicaReport>,
    sentAt: string | null = null,
  ) {
    return this.reportAll([{ replica, ...overrides }], sentAt)
  }

  /** Reports in one call, in the given order. */
  async reportAll(
    reports: (Partial<ReplicaReport> & { replica: { nodeId: string; replicaId: string } })[],
    sentAt: string | null = null,
  ) {
    return (await this.#call()).agent.report({
      sentAt,
      reports: reports.map(({ replica, ...overrides }) => ({
        nodeId: replica.nodeId,
        replicaId: replica.replicaId,
        status: 'running',
        reason: 'Started',
        containerId: `container-of-${replica.replicaId}`,
        exitCode: null,
        health: null,
        ports: [],
        startedAt: new Date().toISOString(),
        gone: false,
        observedAt: null,
        restarts: noRestarts,
        restartInMs: null,
        checkOutput: null,
        standstill: null,
        ...overrides,
      })),
    })
  }

  /** Reports the image of a replica's revision on its node; returns the binding one. */
  async resolveImage(
    { nodeId, replicaId }: { nodeId: string; replicaId: string },
    found: { digest: string | null; imageId: string; fromRegistry: boolean },
  ) {
    return (await this.#call()).agent.resolveImage({ nodeId, replicaId, ...found })
  }

  /** Sends lines of the logs of its replicas. */
  async logs(chunks: Parameters<ReturnType<typeof createCaller>['agent']['logs']>[0]['chunks']) {
    return (await this.#call()).agent.logs({ chunks })
  }

  /** The events of the agent's stream, until the caller stops reading. */
  async watch(...names: string[]) {
    return (await this.#call()).agent.watch({ nodeIds: names.map((name) => this.id(name)) })
  }

  /** Reports replicas that should run as running, and the others as gone. */
  async obey(): Promise<void> {
    for (const replica of await this.wanted()) {
      if (replica.wanted === 'run') await this.report(replica, { status: 'running' })
      else await this.report(replica, { status: 'stopped', reason: 'Stopped', gone: true, startedAt: null })
    }
  }

  /** Fails all replicas that should run, with this reason. */
  async fail(reason: string, { started = false }: { started?: boolean } = {}): Promise<void> {
    for (const replica of await this.wanted()) {
      if (replica.wanted !== 'run') continue
      if (started) await this.report(replica, { status: 'running' })
      await this.report(replica, { status: 'failed', reason, exitCode: 1, gone: true, startedAt: null })
    }
  }
}
