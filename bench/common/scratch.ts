/** A database for one benchmark: the embedded PostgreSQL as the product starts it, with fsync on. */
import { cpus } from 'node:os'
import { join } from 'node:path'
import { openStore, type Store } from '@/server/db/client'
import { startEmbeddedPostgres } from '@/server/db/embedded/server'
import { applyMigrations } from '@/server/db/migrate/migrate'
import { type ChangeStream, openChangeStream } from '@/server/db/notify'
import { createUser } from '@/server/store/accounts/users'
import { createIntake, type Intake, type NewDeployment } from '@/server/store/deployments/intake'
import type { Actor } from '@/server/store/records/audit'
import { remove, removeOrphans, testFolder } from '@/testing/postgres'

export interface Scratch {
  url: string
  store: Store
  /** There is a listener, as in the product. */
  changes: ChangeStream
  intake: Intake
  /** The operator who makes all calls. */
  actor: Actor
}

const prefix = 'bench-'

/** Runs `work` on a migrated database with one user, and removes the database afterwards. */
export async function withScratchDatabase<T>(work: (scratch: Scratch) => Promise<T>): Promise<T> {
  await removeOrphans(prefix)
  const dataDir = join(testFolder, `${prefix}${process.pid}`)
  const { url } = await startEmbeddedPostgres({ dataDir, password: 'only-for-benchmarks' })
  try {
    await applyMigrations(url)
    const store = openStore(url, { sealKey: Buffer.alloc(32).toString('base64') })
    const changes = openChangeStream(url, (error) => process.stderr.write(`The change feed broke: ${error.message}\n`))
    try {
      const author = { name: 'bench', address: null, apiTokenId: null }
      const user = { username: 'bench', password: 'no one signs in 1', role: 'operator' } as const
      const { id } = await createUser(store, author, user)
      const actor: Actor = { ...author, id, role: 'operator', sessionId: null }
      return await work({ url, store, changes, intake: createIntake(store), actor })
    } finally {
      await changes.close()
      await store.close()
    }
  } finally {
    await remove(dataDir)
  }
}

/** The deployment that benchmarks use. */
export const aDeployCommand = (overrides: Partial<NewDeployment> = {}): NewDeployment => ({
  name: 'web-api',
  type: 'compute',
  image: 'nginx:latest',
  replicas: 3,
  resources: { cpuMillis: 2000, memoryMb: 2048, gpuUnits: 0, storageGb: 20 },
  region: 'us-east',
  waitForCapacity: false,
  maxPerNode: 1,
  lostAfterSeconds: 30,
  constraints: [],
  placementRules: null,
  policy: null,
  priority: 50,
  ports: [],
  env: {},
  ...overrides,
})

let accepted = 0

/** Accepts the order under a unique name. */
export const accept = ({ intake, actor }: Scratch, order: NewDeployment): Promise<string> =>
  intake
    .accept(
      actor,
      { ...order, name: `${order.name}-${++accepted}` },
      { idempotency: null, answer: (deployment_id) => ({ deployment_id }) },
    )
    .then(({ answer }) => answer.deployment_id)

/**
 * The upper limit: SQL inserts the rows of `count` accepted deployments, 200 per statement on two connections.
 * Deployments per second.
 */
export async function serverSideLimit({ store, actor }: Scratch, count: number): Promise<number> {
  const statement = `
    with d as (
      insert into deployments (id, name, type, user_id, container_image, status, target_replicas, region, updated_at)
      select uuidv7(), 'web-api', 'compute', $1::uuid, 'nginx:latest', 'pending', 3, 'us-east', now() from generate_series(1, $2)
      returning id
    ), r as (
      insert into deployment_resources (id, deployment_id, cpu_cores, memory_mb, gpu_units, storage_gb)
      select uuidv7(), id, 2, 2048, 0, 20 from d
    ), h as (
      insert into deployment_status_history (id, deployment_id, old_status, new_status, changed_by, reason)
      select uuidv7(), id, 'none', 'pending', 'bench', 'Deployment accepted' from d
    ), e as (
      insert into evaluations (id, deployment_id, trigger, run_after) select uuidv7(), id, 'deploy', 'infinity' from d
    )
    insert into audit_log (actor, action, subject_type, subject_id, after)
    select 'bench', 'deployment.create', 'deployment', id::text, '{"name":"web-api","image":"nginx:latest","replicas":3,"region":"us-east"}' from d`
  const begun = performance.now()
  let left = Math.ceil(count / 200)
  const worker = async () => {
    while (left-- > 0)
      await store.pool.query({ name: 'server-side', text: statement, values: [actor.id, Math.min(200, count)] })
  }
  await Promise.all([worker(), worker()])
  return perSecond(count, begun)
}

/** Plans that were made for empty tables are bad. Fresh statistics make every connection plan again. */
export async function learn({ store }: Scratch): Promise<void> {
  await store.pool.query('vacuum analyze')
}

export const perSecond = (count: number, begunMs: number): number => (count / (performance.now() - begunMs)) * 1000

export const machine = (): string => `${cpus().length} × ${cpus()[0]?.model.trim()}, Node ${process.version}`
