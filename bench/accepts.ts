/**
 * Durable accepts, measured where they end: in a PostgreSQL with fsync on.
 * node --import tsx bench/accepts.ts [--rounds N] [--json FILE]
 */
import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { type Acceptor, createAcceptor, type NewDeployment } from '@/server/store/accept'
import { openStore, type Store } from '@/server/store/context'
import type { Actor } from '@/server/store/deployments'
import { startEmbeddedPostgres, stopEmbeddedPostgres } from '@/server/store/embedded'
import { applyMigrations } from '@/server/store/migrate'
import { createUser } from '@/server/store/users'
import { testFolder } from '@/tests/postgres'

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '11' }, json: { type: 'string' }, help: { type: 'boolean' } },
})
const print = (line: string): void => void process.stdout.write(`${line}\n`)
if (values.help) {
  print('node --import tsx bench/accepts.ts [--rounds N] [--json FILE]   11 rounds unless told')
  process.exit(0)
}

const perRound = 4_000
const offeredPerSecond = 4_000

const order: NewDeployment = {
  name: 'web-api',
  type: 'compute',
  image: 'nginx:latest',
  replicas: 3,
  resources: { cpuMillis: 2000, memoryMb: 2048, gpuUnits: 0, storageGb: 20 },
  region: 'us-east',
  waitForCapacity: false,
  maxPerNode: 1,
  constraints: [],
  policy: null,
  priority: 50,
  ports: [],
  env: {},
}

const quantile = (sorted: number[], q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN
const median = (numbers: number[]): number =>
  quantile(
    [...numbers].sort((a, b) => a - b),
    0.5,
  )

/** The limit: the same rows made by the database itself, 200 deployments a statement on two connections. */
async function serverSide(store: Store, userId: string): Promise<number> {
  const statement = `
    with d as (
      insert into deployments (id, name, type, user_id, container_image, status, target_replicas, region, updated_at)
      select uuidv7(), 'web-api', 'compute', $1::uuid, 'nginx:latest', 'pending', 3, 'us-east', now() from generate_series(1, 200)
      returning id
    ), r as (
      insert into deployment_resources (id, deployment_id, cpu_cores, memory_mb, gpu_units, storage_gb)
      select uuidv7(), id, 2, 2048, 0, 20 from d
    ), h as (
      insert into deployment_status_history (id, deployment_id, old_status, new_status, changed_by, reason)
      select uuidv7(), id, 'none', 'pending', 'bench', 'Deployment accepted' from d
    ), e as (
      insert into evaluations (id, deployment_id, trigger) select uuidv7(), id, 'deploy' from d
    )
    insert into audit_log (actor, action, subject_type, subject_id, after)
    select 'bench', 'deployment.create', 'deployment', id::text, '{"name":"web-api","image":"nginx:latest","replicas":3,"region":"us-east"}' from d`
  const begun = performance.now()
  let left = perRound / 200
  const worker = async () => {
    while (left-- > 0) await store.pool.query({ name: 'server-side', text: statement, values: [userId] })
  }
  await Promise.all([worker(), worker()])
  return (perRound / (performance.now() - begun)) * 1000
}

async function accepted(acceptor: Acceptor, actor: Actor): Promise<number> {
  const begun = performance.now()
  await Promise.all(Array.from({ length: perRound }, () => accept(acceptor, actor)))
  return (perRound / (performance.now() - begun)) * 1000
}

const accept = (acceptor: Acceptor, actor: Actor) =>
  acceptor.accept(actor, order, { idempotency: null, answer: (deployment_id) => ({ deployment_id }) })

async function idleMs(acceptor: Acceptor, actor: Actor): Promise<number> {
  const times: number[] = []
  for (let i = 0; i < 200; i++) {
    const begun = performance.now()
    await accept(acceptor, actor)
    times.push(performance.now() - begun)
  }
  return median(times)
}

/** Calls at a steady rate, whatever the answers do; milliseconds of each, sorted. */
async function offered(acceptor: Acceptor, actor: Actor, seconds: number): Promise<number[]> {
  const times: number[] = []
  const pending: Promise<void>[] = []
  const begun = performance.now()
  for (let sent = 0; sent < offeredPerSecond * seconds; ) {
    const due = Math.min(offeredPerSecond * seconds, ((performance.now() - begun) / 1000) * offeredPerSecond)
    for (; sent < due; sent++) {
      const at = performance.now()
      pending.push(accept(acceptor, actor).then(() => void times.push(performance.now() - at)))
    }
    await sleep(1)
  }
  await Promise.all(pending)
  return times.sort((a, b) => a - b)
}

const dataDir = join(testFolder, `bench-${process.pid}`)
const { url } = await startEmbeddedPostgres({ dataDir, password: 'only-for-benchmarks' })
try {
  await applyMigrations(url)
  const store = openStore(url, { sealKey: Buffer.alloc(32).toString('base64') })
  const author = { name: 'bench', address: null }
  const { id } = await createUser(store, author, {
    username: 'bench',
    password: 'no one signs in 1',
    role: 'operator',
  })
  const actor: Actor = { ...author, id, role: 'operator', sessionEpoch: 0 }
  const acceptor = createAcceptor(store)
  // Plans made on empty tables are bad ones: fill them, look at them, and connect anew.
  await serverSide(store, id)
  await accepted(acceptor, actor)
  await store.pool.query('analyze')

  const rows: { limit: number; accepts: number; ratio: number }[] = []
  for (let round = 0; round < Number(values.rounds); round++) {
    const limit = await serverSide(store, id)
    const accepts = await accepted(acceptor, actor)
    rows.push({ limit, accepts, ratio: accepts / limit })
  }
  const idle = await idleMs(acceptor, actor)
  const times = await offered(acceptor, actor, 3)
  const p50 = quantile(times, 0.5)
  const p99 = quantile(times, 0.99)
  const result = {
    machine: `${cpus().length} × ${cpus()[0]?.model.trim()}, Node ${process.version}`,
    rounds: rows.length,
    limitPerSecond: median(rows.map((row) => row.limit)),
    acceptsPerSecond: median(rows.map((row) => row.accepts)),
    ratio: median(rows.map((row) => row.ratio)),
    idleMs: idle,
    offeredPerSecond,
    p50Ms: p50,
    p99Ms: p99,
    p50OverIdle: p50 / idle,
    p99OverIdle: p99 / idle,
  }
  print(`${result.machine}; medians of ${result.rounds} rounds of ${perRound} deployments\n`)
  print('| durable accepts | measured | asked |')
  print('|---|---|---|')
  print(`| limit: server-side INSERT … SELECT, /s | ${result.limitPerSecond.toFixed(0)} | |`)
  print(`| accepted, /s | ${result.acceptsPerSecond.toFixed(0)} | |`)
  print(`| of the limit (median of the rounds' ratios) | ${(100 * result.ratio).toFixed(0)} % | ≥ 90 % |`)
  print(`| a lone accept on an idle server, p50 ms | ${idle.toFixed(2)} | |`)
  print(
    `| at ${offeredPerSecond}/s offered, p50 ms (× idle) | ${p50.toFixed(2)} (${result.p50OverIdle.toFixed(1)}×) | ≤ 8× |`,
  )
  print(
    `| at ${offeredPerSecond}/s offered, p99 ms (× idle) | ${p99.toFixed(2)} (${result.p99OverIdle.toFixed(1)}×) | ≤ 40× |`,
  )
  if (values.json) writeFileSync(values.json, `${JSON.stringify(result, null, 2)}\n`)
  await store.close()
} finally {
  await stopEmbeddedPostgres(dataDir)
}
