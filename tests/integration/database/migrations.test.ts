import { randomUUID } from 'node:crypto'
import type { MigrationDirectory } from '@prisma/schema-engine-wasm'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { roles } from '@/core/accounts/roles'
import { deploymentStatuses, replicaStatuses } from '@/core/deployments/status'
import { nodeStatuses } from '@/core/placement/node-status'
import { deploymentTypes } from '@/core/placement/resources'
import { applyMigrations, schemaDrift } from '@/server/db/migrate/migrate'
import { filters, migrationNames, readMigrations, withSchemaEngine } from '@/server/db/migrate/schema-engine'
import { emptyDatabase, type TestDatabase, testDatabase } from '@/testing/database'
import { databaseUrl, runSql } from '@/testing/postgres'

let database: TestDatabase
let client: pg.Client

beforeAll(async () => {
  database = await testDatabase()
  client = new pg.Client({ connectionString: database.url })
  await client.connect()
})
afterAll(async () => {
  await client.end()
  await database.drop()
})

/** Runs `work` in a transaction that is rolled back, so that tests do not affect each other. */
const trying = async (work: () => Promise<unknown>): Promise<string> => {
  await client.query('begin')
  try {
    await work()
    return 'accepted'
  } catch (error) {
    if (error instanceof pg.DatabaseError && error.constraint) return error.constraint
    throw error
  } finally {
    await client.query('rollback')
  }
}

const insert = (table: string, row: Record<string, unknown>) => {
  const columns = Object.keys(row)
  const places = columns.map((_, index) => `$${index + 1}`)
  return client.query(`insert into ${table} (${columns.join(', ')}) values (${places.join(', ')})`, Object.values(row))
}

const aNode = (overrides: Record<string, unknown> = {}) => ({
  id: randomUUID(),
  node_id: `node-${randomUUID()}`,
  region: 'us-east',
  cpu_cores: 4,
  memory_mb: 8192,
  storage_gb: 100,
  gpu_available: 1,
  credential_hash: 'x',
  ...overrides,
})

const aMigration = (path: string, script: string): MigrationDirectory => ({
  path,
  migrationFile: { path: 'migration.sql', content: { tag: 'ok', value: script } },
})

const insertDeployment = async (overrides: Record<string, unknown> = {}): Promise<string> => {
  const userId = randomUUID()
  const id = randomUUID()
  await insert('users', { id: userId, username: userId, password_hash: 'x', role: 'admin' })
  const row = { id, name: 'web', type: 'compute', user_id: userId, container_image: 'nginx', target_replicas: 3 }
  await insert('deployments', { ...row, ...overrides })
  return id
}

describe('migrations', () => {
  it('produce exactly the schema that Prisma describes', async () => {
    expect(await schemaDrift(database.url)).toBeNull()
  })

  it('schema drift is detected, and its absence too', async () => {
    const other = await testDatabase()
    await runSql(other.url, 'alter table users drop column last_login_at', 'drop table audit_log')
    const drift = await schemaDrift(other.url)
    await other.drop()
    expect(drift).toContain('ADD COLUMN     "last_login_at"')
    expect(drift).toContain('CREATE TABLE "audit_log"')
  })

  it('create the database, and are applied once by processes that start concurrently', async () => {
    const empty = await emptyDatabase()
    await empty.drop()
    const results = await Promise.all([1, 2, 3].map(() => applyMigrations(empty.url)))
    expect(results.flatMap(({ applied }) => applied)).toEqual(migrationNames())
    expect(await schemaDrift(empty.url)).toBeNull()
    await empty.drop()
  })

  it('are refused on a database that has unknown migrations', async () => {
    const other = await testDatabase()
    await runSql(other.url, `update _prisma_migrations set migration_name = '20990101000000_future'`)
    await expect(applyMigrations(other.url)).rejects.toThrow(/20990101000000_future, which this Fogdeck does not know/)
    await other.drop()
  })

  it('are refused when an applied one was changed', async () => {
    const other = await testDatabase()
    await runSql(other.url, `update _prisma_migrations set checksum = 'other'`)
    await expect(applyMigrations(other.url)).rejects.toThrow(/has changed since it was applied/)
    await other.drop()
  })

  it('that fail change nothing, and the error has the message of the database', async () => {
    const empty = await emptyDatabase()
    const list = readMigrations()
    const broken = aMigration('20990101000000_broken', `create table half (name text default ';'); select 1 / 0`)
    const migrationsList = { ...list, migrationDirectories: [...list.migrationDirectories, broken] }
    const attempt = withSchemaEngine(empty.url, (engine) => engine.applyMigrations({ migrationsList, filters }))
    await expect(attempt).rejects.toThrow(/division by zero/)
    expect((await applyMigrations(empty.url)).applied).toEqual(migrationNames())
    expect(await schemaDrift(empty.url)).toBeNull()
    await empty.drop()
  })

  it('give running replicas the host ports that they hold, once per node', async () => {
    const older = await emptyDatabase()
    const all = readMigrations()
    const before = all.migrationDirectories.filter(({ path }) => path < '20261130202731_host_ports')
    expect(before.length).toBeLessThan(all.migrationDirectories.length)
    const migrationsList = { ...all, migrationDirectories: before }
    await withSchemaEngine(older.url, (engine) => engine.applyMigrations({ migrationsList, filters }))
    const ids = Object.fromEntries(
      ['user', 'node', 'web', 'rival', 'first', 'second', 'ended', 'other'].map((name) => [name, randomUUID()]),
    )
    const deployment = (id: string | undefined, revision: number) =>
      `insert into deployments (id, name, type, user_id, container_image, target_replicas, ports, revision)
       values ('${id}', 'web', 'compute', '${ids.user}', 'nginx', 1, '[{"container": 80, "host": 8080}, {"container": 81, "host": null}]', ${revision})`
    const replica = (id: string | undefined, of: string | undefined, rest: string) =>
      `insert into deployment_replicas (id, deployment_id, node_id, slot, generation, cpu_millis, memory_mb, gpu_units, storage_gb, status, reserved, revision)
       values ('${id}', '${of}', '${ids.node}', 0, ${rest})`
    await runSql(
      older.url,
      `insert into users (id, username, password_hash, role) values ('${ids.user}', 'u', 'x', 'admin')`,
      `insert into nodes (id, node_id, region, cpu_cores, memory_mb, storage_gb, credential_hash)
       values ('${ids.node}', 'node-01', 'us-east', 4, 8192, 100, 'x')`,
      deployment(ids.web, 2),
      deployment(ids.rival, 1),
      // This replica runs the previous revision, which had another port.
      `insert into deployment_revisions (deployment_id, revision, spec, created_by, reason)
       values ('${ids.web}', 1, '{"ports": [{"container": 80, "host": 9090}]}', 'u', 'As it was deployed')`,
      replica(ids.second, ids.rival, `1, 500, 512, 0, 1, 'starting', true, 1`),
      replica(ids.other, ids.web, `1, 500, 512, 0, 1, 'running', true, 1`),
      replica(ids.first, ids.web, `2, 500, 512, 0, 1, 'running', true, 2`),
      replica(ids.ended, ids.rival, `2, 500, 512, 0, 1, 'stopped', false, 1`),
    )
    await applyMigrations(older.url)
    const reader = new pg.Client({ connectionString: older.url })
    await reader.connect()
    const { rows } = await reader.query('select host_port, replica_id from host_port_reservations order by host_port')
    await reader.end()
    await older.drop()
    expect(rows).toEqual([
      { host_port: 8080, replica_id: ids.first },
      { host_port: 9090, replica_id: ids.other },
    ])
  })

  it('need no superuser', async () => {
    const { rows } = await client.query('select rolsuper from pg_roles where rolname = current_user')
    expect(rows).toEqual([{ rolsuper: false }])
    await expect(runSql(databaseUrl(database.url, 'postgres'), `copy (select 1) to program 'true'`)).rejects.toThrow()
  })
})

describe('constraints', () => {
  it.each([
    ['users_role_check', roles],
    ['api_tokens_scope_check', roles],
    ['deployments_status_check', deploymentStatuses],
    ['deployments_type_check', deploymentTypes],
    ['deployment_replicas_status_check', replicaStatuses],
    ['nodes_status_check', nodeStatuses],
  ])('%s allows the values of the domain and no others', async (name, words) => {
    const { rows } = await client.query(
      'select pg_get_constraintdef(oid) as text from pg_constraint where conname = $1',
      [name],
    )
    const allowed = [...String(rows[0]?.text).matchAll(/'([^']+)'/g)].map(([, word]) => word)
    expect(allowed.sort()).toEqual([...words].sort())
  })

  it.each([
    [{}, 'accepted'],
    [{ status: 'asleep' }, 'nodes_status_check'],
    [{ reserved_cpu_millis: 4000, reserved_memory_mb: 8192, reserved_storage_gb: 100, reserved_gpu: 1 }, 'accepted'],
    [{ reserved_cpu_millis: 4001 }, 'nodes_reserved_cpu_check'],
    [{ reserved_cpu_millis: -1 }, 'nodes_reserved_cpu_check'],
    [{ cpu_cores: 1.0005, reserved_cpu_millis: Math.round(1.0005 * 1000) }, 'accepted'],
    [{ cpu_cores: 1.0005, reserved_cpu_millis: Math.round(1.0005 * 1000) + 1 }, 'nodes_reserved_cpu_check'],
    [{ reserved_memory_mb: 8193 }, 'nodes_reserved_memory_check'],
    [{ reserved_memory_mb: -1 }, 'nodes_reserved_memory_check'],
    [{ reserved_storage_gb: 101 }, 'nodes_reserved_storage_check'],
    [{ reserved_storage_gb: -1 }, 'nodes_reserved_storage_check'],
    [{ reserved_gpu: 2 }, 'nodes_reserved_gpu_check'],
    [{ reserved_gpu: -1 }, 'nodes_reserved_gpu_check'],
  ])('handle a node with %j: %s', async (overrides, outcome) => {
    expect(await trying(() => insert('nodes', aNode(overrides)))).toBe(outcome)
  })

  it('keep reservations within the capacity, whichever of the two changes', async () => {
    const node = aNode({ reserved_memory_mb: 4096 })
    const changed = (change: string) =>
      trying(async () => {
        await insert('nodes', node)
        await client.query(`update nodes set ${change} where id = $1`, [node.id])
      })
    expect(await changed('reserved_memory_mb = reserved_memory_mb + 4096')).toBe('accepted')
    expect(await changed('reserved_memory_mb = reserved_memory_mb + 4097')).toBe('nodes_reserved_memory_check')
    expect(await changed('memory_mb = 4095')).toBe('nodes_reserved_memory_check')
  })

  it.each([
    [{ target_replicas: 0 }, 'accepted'],
    [{ target_replicas: 100 }, 'accepted'],
    [{ target_replicas: 101 }, 'deployments_target_replicas_check'],
    [{ target_replicas: -1 }, 'deployments_target_replicas_check'],
    [{ status: 'Running' }, 'deployments_status_check'],
    [{ type: 'batch' }, 'deployments_type_check'],
  ])('handle a deployment with %j: %s', async (overrides, outcome) => {
    expect(await trying(() => insertDeployment(overrides))).toBe(outcome)
  })

  it.each([
    [{}, 'accepted'],
    [{ wanted: 'maybe' }, 'deployment_replicas_wanted_check'],
    [{ status: 'paused' }, 'deployment_replicas_status_check'],
    [{ health: 'fine' }, 'deployment_replicas_health_check'],
  ])('handle a replica with %j: %s', async (overrides, outcome) => {
    const sizes = { cpu_millis: 500, memory_mb: 512, gpu_units: 0, storage_gb: 1 }
    const result = await trying(async () => {
      const node = aNode()
      await insert('nodes', node)
      const owner = { deployment_id: await insertDeployment(), node_id: node.id }
      await insert('deployment_replicas', {
        id: randomUUID(),
        ...owner,
        slot: 0,
        generation: 1,
        ...sizes,
        ...overrides,
      })
    })
    expect(result).toBe(outcome)
  })

  it.each([
    [['pending', 'leased', 'done', 'done', 'dead'], 'accepted'],
    [['pending', 'pending'], 'evaluations_one_open_per_deployment'],
    [['pending', 'blocked'], 'evaluations_one_open_per_deployment'],
    [['blocked', 'blocked'], 'evaluations_one_open_per_deployment'],
    [['waiting'], 'evaluations_status_check'],
  ])('handle evaluations %j of one deployment: %s', async (statuses, outcome) => {
    const result = await trying(async () => {
      const deployment = await insertDeployment()
      for (const status of statuses) {
        await insert('evaluations', { id: randomUUID(), deployment_id: deployment, trigger: 'deploy', status })
      }
    })
    expect(result).toBe(outcome)
  })

  it('allow one row for the election of schedulers', async () => {
    const { rows } = await client.query('select id, epoch from scheduler_leadership')
    expect(rows).toEqual([{ id: 1, epoch: '0' }])
    expect(await trying(() => insert('scheduler_leadership', { id: 2 }))).toBe('scheduler_leadership_single_row')
  })
})
