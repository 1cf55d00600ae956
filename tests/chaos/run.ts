/** One run, from start to report: the programs, the client, the faults and the checks. */
import { randomBytes } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startEngines } from '@/testing/engines/cluster'
import type { FaultLog } from './attack'
import { CallLog } from './book'
import { breakDatabase, brokenTree } from './breaks'
import type { ChaosOptions } from './chaos-options'
import { checkSecrets } from './checks/secrets'
import { work } from './client'
import { Database } from './database'
import { carryOut } from './faults'
import { Ledger } from './ledger'
import { type Report, verdictOf } from './report'
import { Rest } from './rest'
import { type Fault, planFaults } from './schedule'
import { logFolder, Stack } from './stack'
import { Watch } from './watch'

const nodesPerFleet = 6
const regions = ['us-east', 'us-west', 'eu-west', 'eu-central']
/** How long after the last fault everything must be in a truthful state. */
const settleMs = 60_000

const fleetsOf = (nodes: number): EnvironmentPlan['fleets'] =>
  Array.from({ length: Math.ceil(nodes / nodesPerFleet) }, (_, index) => ({
    nodes: Math.min(nodesPerFleet, nodes - index * nodesPerFleet),
    regions,
  }))

export const faultsOf = ({ seed, durationMs, gapMs, nodes, engines }: ChaosOptions): Fault[] =>
  planFaults({ seed, durationMs, gapMs, engines, fleets: fleetsOf(nodes).length })

/** What has to be closed after a run, in reverse order. */
type Closers = (() => Promise<void> | void)[]

export interface Environment {
  stack: Stack
  database: Database
  callLog: CallLog
  ledger: Ledger
  rest: Rest
  watch: Watch
  canary: string
}

export interface EnvironmentPlan {
  fleets: { nodes: number; regions: string[] }[]
  engines: number
  breaks: string[]
}

/** Starts everything, runs `scene` in it, and removes everything but the logs. */
export async function inEnvironment<T>(
  { fleets, engines, breaks }: EnvironmentPlan,
  say: (text: string) => void,
  scene: (environment: Environment) => Promise<T>,
): Promise<T> {
  const closers: Closers = []
  try {
    const root = brokenTree(breaks, say)
    const cluster = engines > 0 ? await startEngines(engines) : null
    if (cluster) closers.push(() => cluster.stop())
    const ledger = new Ledger(({ check, what }) => say(`VIOLATION of ${check}: ${what}`))
    const nodes = fleets.reduce((sum, fleet) => sum + fleet.nodes, 0)
    say(
      `Starting: database, web server, 2 schedulers, ${nodes} simulated nodes in ${fleets.length} programs, ${engines} engines`,
    )
    const stack = await Stack.start({
      root,
      fleets,
      cluster,
      onDeath: (program, how) =>
        ledger.check('stays up', false, `${program} ${how}`, () => ({
          what: `${program} ended by itself (${how})`,
          evidence: join(logFolder, `${program}.log`),
        })),
    })
    closers.push(() => stack.end())
    const database = new Database(() => stack.databaseUrl)
    await breakDatabase(breaks, database)
    const callLog = new CallLog(join(logFolder, 'client.jsonl'))
    closers.push(() => callLog.close())
    const canary = `canary-${randomBytes(9).toString('hex')}`
    stack.secrets.push(canary)
    const rest = new Rest({
      url: stack.url,
      username: 'admin',
      password: stack.password,
      onToken: (token) => void stack.secrets.push(token),
      onGoodToken: (answer) =>
        ledger.check('contract', answer.status !== 401, 'token', () => ({
          what: 'A good token was refused',
          evidence: answer.body,
        })),
    })
    const watch = new Watch({ stack, database, callLog, ledger })
    return await scene({ stack, database, callLog, ledger, rest, watch, canary })
  } finally {
    for (const close of closers.reverse()) await close()
  }
}

export async function runChaos(options: ChaosOptions, say: (text: string) => void): Promise<Report> {
  const faults = faultsOf(options)
  return inEnvironment({ ...options, fleets: fleetsOf(options.nodes) }, say, async (environment) => {
    const { stack, database, callLog, ledger, rest, watch, canary } = environment
    const startedAt = new Date()
    const [calling, watching] = [new AbortController(), new AbortController()]
    const client = work(
      {
        ...{ rest, callLog, ledger, canary },
        ...{ seed: options.seed, durationMs: options.durationMs, onReal: partOnReal(options) },
      },
      calling.signal,
    )
    const looking = watch.run(watching.signal)
    await goingOn(environment)
    say(`Attacking for ${options.durationMs / 60_000} minutes with ${faults.length} faults`)
    const log = await attack({ environment, faults, options, say })
    // The client stops with the last fault, so that unfinished work after the deadline is stuck rather than new.
    calling.abort()
    await stack.restore()
    say('The last fault is over: 60 s to come to rest')
    const lastFaultAt = performance.now()
    await client
    const problems = await watch.settle(settleMs - (performance.now() - lastFaultAt))
    const settledMs = performance.now() - lastFaultAt
    ledger.check('settled', problems === null, 'rest', () => ({
      what: `Not at rest ${Math.round(settledMs / 1000)} s after the last fault: ${problems?.length} things, first ${problems?.[0]}`,
      evidence: problems,
    }))
    watching.abort()
    await looking
    for (const name of stack.programs.keys()) ledger.check('stays up', true, name, () => ({ what: '', evidence: null }))
    await watch.finish()
    await checkRest(environment)
    await checkEverySecret(environment)
    return {
      options,
      startedAt: startedAt.toISOString(),
      seconds: (Date.now() - startedAt.getTime()) / 1000,
      planned: faults.length,
      log,
      acknowledged: callLog.acknowledged,
      unanswered: rest.unanswered,
      answers: rest.answers,
      settledSeconds: settledMs / 1000,
      rounds: { done: watch.rounds, missed: watch.missed },
      counts: Object.fromEntries(ledger.counts),
      totals: await totals(database),
      violations: ledger.violations,
      verdict: verdictOf({ counts: Object.fromEntries(ledger.counts), violations: ledger.violations }),
    }
  })
}

/**
 * The share of deployments for real engines: twice their share of the nodes, to exercise them more, and at most a half.
 */
const partOnReal = ({ nodes, engines }: ChaosOptions): number => Math.min(0.5, (2 * engines) / (nodes + engines))

const firstDeployments = 12

/** Waits until the client is busy, so that the first faults find something to break. */
async function goingOn({ callLog, watch }: Environment): Promise<void> {
  const deadline = performance.now() + 120_000
  while (callLog.acknowledged.deploy < firstDeployments || watch.containers.started.size < firstDeployments) {
    if (performance.now() > deadline) throw new Error(`The client did not get going: see ${logFolder}`)
    await sleep(100)
  }
}

interface Attacking {
  environment: Environment
  faults: Fault[]
  options: ChaosOptions
  say: (text: string) => void
}

/** Resolves at the end of the run, when all faults are undone. */
async function attack({ environment, faults, options, say }: Attacking): Promise<FaultLog> {
  const { stack, database, watch, ledger, rest } = environment
  const isHost = (target: string) => /^(fleet|engine)-/.test(target)
  const never = new AbortController().signal
  // Every fault listens to this signal.
  setMaxListeners(0, never)
  const time = new Promise((resolve) => setTimeout(resolve, options.durationMs))
  const log = await carryOut(
    {
      stack,
      database,
      rest,
      say,
      timeline: watch.timeline,
      speakers: watch.speakers,
      lasting: (host) => watch.cutOff.lasting(host),
      onThaw: (replicaIds) => watch.checkThawed(replicaIds),
      onCut: async (target) => {
        if (isHost(target)) void watch.cutOff.begin(target)
      },
      onHeal: async (target) => {
        if (isHost(target)) await watch.cutOff.end(ledger, target)
      },
    },
    faults,
    never,
  )
  await time
  return log
}

/** Checks that REST agrees with the tables at the end, for every accepted deployment. */
async function checkRest({ rest, callLog, database, ledger }: Environment): Promise<void> {
  const signal = AbortSignal.timeout(600_000)
  const read = async () => {
    const { rows } = await database.query<{ id: string; status: string }>('select id, status from deployments')
    return new Map(rows.map(({ id, status }) => [id, status]))
  }
  const before = await read()
  const said = new Map<string, unknown>()
  const left = callLog.settled()
  const ask = async () => {
    for (let entry = left.pop(); entry; entry = left.pop()) {
      const answer = await rest.ask(`/api/deployment/status/${entry.id}`, { random: () => 0, signal })
      const body = answer?.body as { name?: string; status?: string } | undefined
      said.set(entry.id ?? '', answer?.status === 200 && body?.name === entry.name ? body.status : answer)
    }
  }
  await Promise.all(Array.from({ length: callsAtOnce }, ask))
  const after = await read()
  for (const [id, status] of said)
    ledger.check('contract', status === before.get(id) || status === after.get(id), `status ${id}`, () => ({
      what: `REST says of ${id}: ${JSON.stringify(status)}; the table says ${after.get(id)}`,
      evidence: { said: status, before: before.get(id), after: after.get(id) },
    }))
}

const callsAtOnce = 6

async function checkEverySecret({ stack, database, ledger }: Environment): Promise<void> {
  const { rows } = await database.query<{ name: string }>(
    `select quote_ident(table_name) as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'`,
  )
  const texts: Record<string, string> = {}
  for (const { name } of rows) {
    const content = await database.query<{ row: string }>(`select t::text as row from ${name} t`)
    texts[`table ${name}`] = content.rows.map(({ row }) => row).join('\n')
  }
  const folders: Record<string, string> = { logs: logFolder, 'data folder': stack.dataDir }
  checkSecrets(ledger, stack.secrets, { folders, texts })
}

async function totals(database: Database): Promise<Record<string, Record<string, number>>> {
  const count = async (table: string, column: string) => {
    const { rows } = await database.query<{ what: string; times: number }>(
      `select ${column} as what, count(*)::int as times from ${table} group by 1 order by 1`,
    )
    return Object.fromEntries(rows.map(({ what, times }) => [what, times]))
  }
  return {
    deployments: await count('deployments', 'status'),
    replicas: await count('deployment_replicas', 'status'),
    evaluations: await count('evaluations', 'status'),
    decisions: await count('decisions', 'outcome'),
  }
}
