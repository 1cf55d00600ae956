import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { MigrationDirectory } from '@prisma/schema-engine-wasm'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { roles } from '@/core/accounts/roles'
import { deploymentStatuses, replicaStatuses } from '@/core/deployments/status'
import { nodeStatuses } from '@/core/placement/node-status'
import { deploymentTypes } from '@/core/placement/resources'
import { applyMigrations, schemaDrift } from '@/server/db/migrate/migrate'
import { filters, migrationNames, readMigrations, withSchemaEngine } from '@/server/db/migrate/schema-engine'
import { upgradeNames } from '@/server/db/migrate/upgrade'
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

/** The migrations of version 0.1 after its first. */
const upgradedMigrations = [
  '20261127080104_moves',
  '20261127080301_lease_epoch',
  '20261127080305_node_loss',
  '20261127080500_node_names',
  '20261127081651_placement_wishes',
  '20261127084500_dead_evaluations',
  '20261127114503_replica_logs',
  '20261127124500_time_travel',
  '20261127173500_api_token_scope',
  '20261128030636_notification_channels',
  '20261129020000_one_index_of_reservations',
  '20261129083544_audit_api_token',
]

/** Everything that a schema consists of, as sorted lines; the order of columns does not count. */
async function schemaOf(url: string): Promise<string[]> {
  const reader = new pg.Client({ connectionString: url })
  await reader.connect()
  const { rows } = await reader.query<{ line: string }>(`
    select concat_ws(' ', 'column', table_name, column_name, data_type, is_nullable, column_default,
        character_maximum_length, datetime_precision) as line
      from information_schema.columns where table_schema = 'public' and table_name <> '_prisma_migrations'
    union all
    select concat_ws(' ', 'storage', c.relname, a.attname, a.attstorage)
      from pg_attribute a join pg_class c on c.oid = a.attrelid
      where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace and a.attnum > 0 and not a.attisdropped
        and c.relname <> '_prisma_migrations'
    union all
    select concat_ws(' ', 'constraint', conrelid::regclass, conname, pg_get_constraintdef(oid))
      from pg_constraint where connamespace = 'public'::regnamespace and conrelid::regclass::text <> '_prisma_migrations'
    union all
    select concat_ws(' ', 'index', indexdef) from pg_indexes
      where schemaname = 'public' and tablename <> '_prisma_migrations'
    union all
    select concat_ws(' ', 'trigger', pg_get_triggerdef(oid)) from pg_trigger where not tgisinternal
    union all
    select concat_ws(' ', 'function', pg_get_functiondef(oid)) from pg_proc where pronamespace = 'public'::regnamespace
    union all
    select concat_ws(' ', 'relation', relkind, relname, reloptions::text) from pg_class
      where relnamespace = 'public'::regnamespace and relkind in ('r', 'S', 'v') and relname <> '_prisma_migrations'
    order by line`)
  await reader.end()
  return rows.map(({ line }) => line)
}

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

  describe('of a database of version 0.1', () => {
    let older: TestDatabase
    const ids = Object.fromEntries(
      ['user', 'node', 'web', 'rival', 'first', 'second', 'ended', 'other', 'decision'].map((name) => [
        name,
        randomUUID(),
      ]),
    )
    const versions = ['20261123000000_first', ...upgradedMigrations]
    const makeOlder = async (applied: readonly string[] = versions) => {
      const made = await emptyDatabase()
      const names = applied.map((name) => `(gen_random_uuid()::text, 'x', '${name}', now(), 1)`).join(', ')
      await runSql(
        made.url,
        readFileSync(join(import.meta.dirname, 'fixtures/version-0.1.sql'), 'utf8'),
        `create table _prisma_migrations (id varchar(36) primary key, checksum varchar(64) not null,
           finished_at timestamptz, migration_name varchar(255) not null, logs text, rolled_back_at timestamptz,
           started_at timestamptz not null default now(), applied_steps_count integer not null default 0)`,
        `insert into _prisma_migrations (id, checksum, migration_name, finished_at, applied_steps_count) values ${names}`,
      )
      return made
    }
    const rowsOf = async (url: string, sql: string): Promise<Record<string, unknown>[]> => {
      const reader = new pg.Client({ connectionString: url })
      await reader.connect()
      try {
        return (await reader.query(sql)).rows
      } finally {
        await reader.end()
      }
    }
    const deployment = (id: string | undefined, revision: number) =>
      `insert into deployments (id, name, type, user_id, container_image, target_replicas, ports, revision, wishes)
       values ('${id}', 'web', 'compute', '${ids.user}', 'nginx', 1,
         '[{"container": 80, "host": 8080}, {"container": 81, "host": null}]', ${revision}, '${rules}')`
    const replica = (id: string | undefined, of: string | undefined, rest: string) =>
      `insert into deployment_replicas (id, deployment_id, node_id, slot, generation, cpu_millis, memory_mb, gpu_units, storage_gb, status, reserved, revision)
       values ('${id}', '${of}', '${ids.node}', 0, ${rest})`
    const rules = '{"preferences": [], "spread": [{"across": "zone", "maxSkew": null, "weight": 50}], "affinity": []}'

    beforeAll(async () => {
      older = await makeOlder()
      await runSql(
        older.url,
        `insert into users (id, username, password_hash, role) values ('${ids.user}', 'u', 'x', 'admin')`,
        `insert into nodes (id, node_id, region, cpu_cores, memory_mb, storage_gb, credential_hash, maintenance_wanted)
         values ('${ids.node}', 'node-01', 'us-east', 4, 8192, 100, 'x', true)`,
        deployment(ids.web, 2),
        deployment(ids.rival, 1),
        // One replica runs the previous revision, which had another port.
        `insert into deployment_revisions (deployment_id, revision, spec, created_by, reason)
         values ('${ids.web}', 1, '{"ports": [{"container": 80, "host": 9090}], "wishes": ${rules}}', 'u', 'As it was deployed')`,
        replica(ids.second, ids.rival, `1, 500, 512, 0, 1, 'starting', true, 1`),
        replica(ids.other, ids.web, `1, 500, 512, 0, 1, 'running', true, 1`),
        replica(ids.first, ids.web, `2, 500, 512, 0, 1, 'running', true, 2`),
        replica(ids.ended, ids.rival, `2, 500, 512, 0, 1, 'stopped', false, 1`),
        `insert into decisions (id, deployment_id, evaluation_id, outcome, request, policy, chosen, found, message, journal_seq, batch_id, batch_order)
         values ('${ids.decision}', '${ids.web}', gen_random_uuid(), 'placed', '{"replicas": 1, "wishes": ${rules}}', '{}', '[]', 1, 'x', 1, gen_random_uuid(), 0)`,
        `insert into storm_brakes (region, cause, silent, nodes, overruled_at, overruled_by) values ('us-east', 'region', 2, 3, now(), 'u')`,
        `insert into node_returns (node_id, silent_since) values ('${ids.node}', now())`,
        `insert into replica_logs (replica_id, node_id, words) values ('${ids.first}', '${ids.node}', 'no such container')`,
        `insert into audit_log (actor, action, subject_type, subject_id) values ('u', 'storm.overrule', 'region', 'us-east')`,
      )
      expect((await applyMigrations(older.url)).applied).toEqual(upgradeNames())
    })
    afterAll(async () => {
      await older.drop()
    })

    it('lead to the schema of a new one, and have nothing to do a second time', async () => {
      expect(await schemaOf(older.url)).toEqual(await schemaOf(database.url))
      expect(await schemaDrift(older.url)).toBeNull()
      expect((await applyMigrations(older.url)).applied).toEqual([])
      expect(await rowsOf(older.url, 'select migration_name from _prisma_migrations')).toEqual(
        migrationNames().map((migration_name) => ({ migration_name })),
      )
    })

    it('give running replicas the host ports that they hold, once per node', async () => {
      const sql = 'select host_port, replica_id from host_port_reservations order by host_port'
      expect(await rowsOf(older.url, sql)).toEqual([
        { host_port: 8080, replica_id: ids.first },
        { host_port: 9090, replica_id: ids.other },
      ])
    })

    it('keep all rows under the new names, and rename what is recorded in JSON', async () => {
      const kept = async (sql: string) => (await rowsOf(older.url, sql))[0]
      const placementRules = JSON.parse(rules)
      expect(await kept(`select placement_rules from deployments where id = '${ids.web}'`)).toEqual({
        placement_rules: placementRules,
      })
      expect(await kept('select spec from deployment_revisions')).toEqual({
        spec: { ports: [{ container: 80, host: 9090 }], placementRules },
      })
      expect(await kept('select request from decisions')).toEqual({ request: { replicas: 1, placementRules } })
      expect(await kept('select maintenance_when_drained from nodes')).toEqual({ maintenance_when_drained: true })
      expect(await kept('select offline, nodes, overridden_by from outage_protections')).toEqual({
        offline: 2,
        nodes: 3,
        overridden_by: 'u',
      })
      expect(await kept('select count(offline_since)::int from node_returns')).toEqual({ count: 1 })
      expect(await kept('select message from replica_logs')).toEqual({ message: 'no such container' })
      expect(await kept('select action from audit_log')).toEqual({ action: 'outage-protection.override' })
    })

    it('are applied once by processes that start concurrently', async () => {
      const other = await makeOlder()
      const results = await Promise.all([1, 2, 3].map(() => applyMigrations(other.url)))
      expect(results.flatMap(({ applied }) => applied)).toEqual(upgradeNames())
      await other.drop()
    })

    it('are refused when it is older still, and change nothing', async () => {
      const other = await makeOlder(versions.slice(0, 3))
      await expect(applyMigrations(other.url)).rejects.toThrow(/made before version 0\.1 \(20261127080305_node_loss/)
      expect(await rowsOf(other.url, 'select count(*)::int from _prisma_migrations')).toEqual([{ count: 3 }])
      await other.drop()
    })
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
  ])('%s allows the values of the domain and no others', async (name, message) => {
    const { rows } = await client.query(
      'select pg_get_constraintdef(oid) as text from pg_constraint where conname = $1',
      [name],
    )
    const allowed = [...String(rows[0]?.text).matchAll(/'([^']+)'/g)].map(([, word]) => word)
    expect(allowed.sort()).toEqual([...message].sort())
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
