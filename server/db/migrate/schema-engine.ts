/**
 * Prisma's schema engine as WebAssembly: it comes with the packages, where the native one would be downloaded from a
 * host of its own. It writes ordinary migrations and an ordinary `_prisma_migrations`.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { PrismaPg } from '@prisma/adapter-pg'
import {
  bindMigrationAwareSqlAdapterFactory,
  ColumnTypeEnum,
  DriverAdapterError,
  type SqlDriverAdapter,
  type SqlMigrationAwareDriverAdapterFactory,
  type SqlQuery,
} from '@prisma/driver-adapter-utils'
import type { MigrationList, SchemaEngine } from '@prisma/schema-engine-wasm'
import pg from 'pg'

export const schemaFile = 'schema.prisma'
export const prismaFolder = (): string => join(process.cwd(), 'prisma')
export const migrationsFolder = (): string => join(prismaFolder(), 'migrations')
export const readSchema = (): string => readFileSync(join(prismaFolder(), schemaFile), 'utf8')

/** Everything in the database is ours. */
export const filters = { externalTables: [], externalEnums: [] }

/** Names of the migrations on disk, in the order of their making. */
export function migrationNames(): string[] {
  if (!existsSync(migrationsFolder())) return []
  return readdirSync(migrationsFolder())
    .filter((name) => /^\d{14}_/.test(name))
    .sort()
}

export function readMigrationScript(name: string): string {
  return readFileSync(join(migrationsFolder(), name, 'migration.sql'), 'utf8')
}

export function readMigrations(): MigrationList {
  const base = migrationsFolder()
  const lock = join(base, 'migration_lock.toml')
  return {
    baseDir: base,
    lockfile: { path: 'migration_lock.toml', content: existsSync(lock) ? readFileSync(lock, 'utf8') : null },
    shadowDbInitScript: '',
    migrationDirectories: migrationNames().map((path) => ({
      path,
      migrationFile: {
        path: 'migration.sql',
        content: { tag: 'ok', value: readMigrationScript(path) },
      },
    })),
  }
}

/**
 * Opens an engine on a database. All that it does happens on one connection in one transaction, so that a migration
 * that fails, or whose process is killed, leaves nothing behind.
 */
export async function withSchemaEngine<T>(url: string, work: (engine: SchemaEngine) => Promise<T>): Promise<T> {
  const { SchemaEngine } = await loadEngine()
  const pool = new pg.Pool({ connectionString: url, max: 1, application_name: 'fogdeck migrations' })
  pool.on('error', () => {})
  const connection = await pool.connect()
  connection.on('error', () => {})
  const adapter = bindMigrationAwareSqlAdapterFactory(migrationAdapter(pool, connection))
  try {
    await connection.query('begin')
    const engine = await SchemaEngine.new({ datamodels: [[schemaFile, readSchema()]] }, () => {}, adapter)
    const result = await work(engine)
    await connection.query('commit')
    return result
  } finally {
    // Closing the connection rolls back what was not committed, and frees the engine's advisory lock.
    connection.release(true)
    await pool.end()
  }
}

type EngineModule = typeof import('@prisma/schema-engine-wasm/schema_engine_bg')
let loading: Promise<EngineModule> | undefined

/** The package expects a bundler to load its .wasm file; here it is done by hand. */
const loadEngine = (): Promise<EngineModule> => {
  loading ??= (async () => {
    const glue = await import('@prisma/schema-engine-wasm/schema_engine_bg')
    const bytes = readFileSync(
      createRequire(import.meta.url)
        .resolve('@prisma/schema-engine-wasm/schema_engine_bg')
        .replace(/\.js$/, '.wasm'),
    )
    // The glue code is the import object of the module; TypeScript can't see that its functions fit.
    const imports = { './schema_engine_bg.js': glue as unknown as WebAssembly.ModuleImports }
    const { instance } = await WebAssembly.instantiate(bytes, imports)
    glue.__wbg_set_wasm(instance.exports)
    const begin = instance.exports.__wbindgen_start
    if (typeof begin === 'function') begin()
    return glue
  })()
  return loading
}

/** Where a panic of the engine is told; it calls this global by name. */
Object.assign(globalThis, {
  PRISMA_WASM_PANIC_REGISTRY: { set_message: (message: string) => process.emitWarning(message) },
})

const internalChar = 18
const text = 25

/** Rows of a result, and which of their columns are of the type "char". */
type CodeColumns = WeakMap<object, number[]>

/**
 * The engine reads PostgreSQL's catalogue, whose one-letter codes have the type "char". The adapter does not know that
 * type: to the adapter they are declared as text, and what it hands to the engine as characters again.
 */
function migrationAdapter(pool: pg.Pool, connection: pg.PoolClient): SqlMigrationAwareDriverAdapterFactory {
  const codes: CodeColumns = new WeakMap()
  const upstream = new PrismaPg(overriding(pool, { query: declaringCodesAsText(connection, codes) }))
  return {
    provider: upstream.provider,
    adapterName: upstream.adapterName,
    connect: async () => mended(await upstream.connect(), { connection, codes }),
    connectToShadowDb: () =>
      Promise.reject(new Error('Shadow databases are not used: compare with a scratch database')),
  }
}

function declaringCodesAsText(connection: pg.PoolClient, codes: CodeColumns) {
  return async (query: pg.QueryArrayConfig): Promise<pg.QueryArrayResult> => {
    const result = await connection.query(query)
    const found = [...result.fields.keys()].filter((index) => result.fields[index]?.dataTypeID === internalChar)
    if (found.length > 0) codes.set(result.rows, found)
    for (const field of result.fields) if (field.dataTypeID === internalChar) field.dataTypeID = text
    return result
  }
}

function mended(
  adapter: SqlDriverAdapter,
  { connection, codes }: { connection: pg.PoolClient; codes: CodeColumns },
): SqlDriverAdapter {
  return overriding(adapter, {
    queryRaw: async (query: SqlQuery) => {
      const result = await adapter.queryRaw(query)
      for (const index of codes.get(result.rows) ?? []) result.columnTypes[index] = ColumnTypeEnum.Character
      return result
    },
    // The adapter cuts scripts at every semicolon, also inside strings and functions: they are sent whole.
    executeScript: (script: string) => runScript(connection, script),
    // A transaction of its own would end ours.
    startTransaction: () => Promise.reject(new Error('The schema engine works in one transaction already')),
  })
}

/** The same object with some of its methods replaced. */
function overriding<T extends object>(object: T, methods: Record<string, unknown>): T {
  return new Proxy(object, {
    get(target, key) {
      const value: unknown = typeof key === 'string' && key in methods ? methods[key] : Reflect.get(target, key)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

/** In the form in which the engine can repeat what the database said. */
async function runScript(connection: pg.PoolClient, script: string): Promise<void> {
  await connection.query('savepoint script')
  try {
    await connection.query(script)
    await connection.query('release savepoint script')
  } catch (error) {
    // The engine goes on in this transaction, to say which migration it was.
    await connection.query('rollback to savepoint script')
    if (!(error instanceof pg.DatabaseError)) throw error
    const { code = '', severity = 'ERROR', message, detail, column, hint } = error
    throw new DriverAdapterError({ kind: 'postgres', code, severity, message, detail, column, hint })
  }
}
