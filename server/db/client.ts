import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { createSealer, type Sealer } from '@/server/lib/seal'
import { databaseProblem } from './errors'
import { PrismaClient } from './generated/client'

/** The door to the database: Prisma for typed reads and writes, the same pool with plain SQL on hot paths. */
export interface Store {
  prisma: PrismaClient
  pool: pg.Pool
  sealer: Sealer
  /** Why the database refused the last write, if the database itself was the cause; null if it accepted it. */
  writeProblem: { sentence: string; atMs: number } | null
  close(): Promise<void>
}

interface StoreOptions {
  /** 32 bytes, base64: seals the environments of deployments. */
  sealKey: string
  /** The most connections. */
  maxConnections?: number
  /** The name of the connections in pg_stat_activity. */
  applicationName?: string
  /** Called when an idle connection breaks; the pool replaces it. */
  onConnectionError?: (error: Error) => void
}

/** A database that hangs is given up after this, and its connection with it; no statement of ours takes so long. */
const queryTimeoutMs = 20_000
/** A process that was stopped between two statements must not keep its locks: the database ends its transaction. */
const idleInTransactionMs = 10_000

export function openStore(databaseUrl: string, options: StoreOptions): Store {
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: options.maxConnections ?? 16,
    connectionTimeoutMillis: 5_000,
    application_name: options.applicationName ?? 'fogdeck',
    keepAlive: true,
    // Sends statements together if nothing waits for an answer in between.
    pipeline: true,
    query_timeout: queryTimeoutMs,
    idle_in_transaction_session_timeout: idleInTransactionMs,
  })
  // Without a listener an idle connection that breaks would end the process…
  pool.on('error', (error) => options.onConnectionError?.(error))
  // …and so would one that is lent out and breaks between two statements: whoever has it fails with its next one.
  pool.on('connect', (client) => client.on('error', () => undefined))
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool, { disposeExternalPool: false }) })
  return {
    prisma,
    pool,
    sealer: createSealer(options.sealKey),
    writeProblem: null,
    close: async () => {
      await prisma.$disconnect()
      await pool.end()
    },
  }
}

/** A write failed: when it was the database's trouble, `/api/ready` says so. `atMs` is of a clock that never jumps. */
export function noteDatabaseProblem(store: Store, error: unknown): void {
  const sentence = databaseProblem(error)
  if (sentence !== null) store.writeProblem = { sentence, atMs: performance.now() }
}

export type Tx = pg.PoolClient

/** Runs `work` in one transaction; anything thrown rolls all of it back. Its first statement goes with the begin. */
export async function transaction<T>(store: Store, work: (tx: Tx) => Promise<T>): Promise<T> {
  const tx = await store.pool.connect()
  let broken: Error | undefined
  // A connection that breaks between two statements tells nobody else, and would end the process.
  const onBreak = (error: Error) => {
    broken = error
  }
  tx.on('error', onBreak)
  try {
    const begun = tx.query('begin')
    // When that fails, so does all that is sent behind it.
    begun.catch(() => undefined)
    const result = await work(tx)
    await begun
    await tx.query('commit')
    store.writeProblem = null
    return result
  } catch (error) {
    noteDatabaseProblem(store, error)
    await tx.query('rollback').catch((cause: Error) => {
      broken = cause
    })
    throw error
  } finally {
    tx.off('error', onBreak)
    tx.release(broken)
  }
}

/**
 * Resolves when all of the statements that were sent together are answered. Of those that failed the first one's error is
 * thrown: the others only say that the transaction is over.
 */
export async function allAnswered(sent: readonly Promise<unknown>[]): Promise<void> {
  for (const answer of await Promise.allSettled(sent)) if (answer.status === 'rejected') throw answer.reason
}

/** SQLSTATE of a database error, if it is one. */
const sqlState = (error: unknown): string | undefined => (error instanceof pg.DatabaseError ? error.code : undefined)

/** Of any constraint, or of the one that is named. */
export const isUniqueViolation = (error: unknown, constraint?: string): boolean =>
  error instanceof pg.DatabaseError &&
  error.code === '23505' &&
  (constraint === undefined || error.constraint === constraint)
export const isCheckViolation = (error: unknown): boolean => sqlState(error) === '23514'
