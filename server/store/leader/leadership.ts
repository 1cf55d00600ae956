import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Store, Tx } from '@/server/db/client'

/** The advisory lock that the leading scheduler holds on a connection of its own; an arbitrary, fixed number. */
const lockKey = 7_236_401_877n
/** How often a leader renews its term, in milliseconds. */
export const showEveryMs = 1_000
/** A leader that has not renewed its term for this long counts as dead or paused, in seconds. */
const offlineSeconds = 3
/** The time-out of calls on the connection of an election, in milliseconds. */
const callTimeoutMs = 5_000

/** The name of all connections of one scheduler, so that a successor can end them. */
export const sessionName = (scheduler: string): string => `fogdeck-scheduler ${scheduler.slice(-40)}`

export interface Leadership {
  /** Fencing number of this leadership term: commits carry it, and an older one changes nothing. */
  epoch: bigint
  /** Resolves when the lock is lost (the connection broke, or a successor ended it). */
  lost: Promise<void>
  /**
   * Renews the term on the connection that holds the lock. Returns the database's time, or null if it no longer leads.
   */
  show(): Promise<Date | null>
}

/** A scheduler that stands for election, on a connection of its own. */
export interface Candidate {
  /** Tries once; null while another scheduler leads. */
  tryToLead(): Promise<Leadership | null>
  /**
   * Ends all connections of a leader that holds the lock and has not shown itself for too long: one that was stopped
   * keeps its connections, and with them the lock and the locks of what it was about to commit. How many were ended.
   */
  deposeUnresponsiveLeader(): Promise<number>
  /** Resigns if it leads. */
  close(): Promise<void>
}

/** `silentForSeconds` is for tests that cannot wait. */
export async function standForElection(
  databaseUrl: string,
  { name, unreachableForSeconds = offlineSeconds }: { name: string; unreachableForSeconds?: number },
): Promise<Candidate> {
  const client = new pg.Client({
    connectionString: databaseUrl,
    application_name: sessionName(name),
    connectionTimeoutMillis: 5_000,
    query_timeout: callTimeoutMs,
    keepAlive: true,
  })
  let lose: () => void = () => undefined
  const lost = new Promise<void>((resolve) => {
    lose = resolve
  })
  client.on('error', lose)
  client.on('end', lose)
  // A server that hangs does not end the connection either.
  const close = () => Promise.race([client.end().catch(() => undefined), sleep(1_000, undefined, { ref: false })])
  await client.connect().catch(async (error: unknown) => {
    await close()
    throw error
  })
  return {
    async tryToLead() {
      const { rows } = await client.query<{ won: boolean }>('select pg_try_advisory_lock($1) as won', [
        lockKey.toString(),
      ])
      if (!rows[0]?.won) return null
      // One statement, so that a candidate which stops at this point leaves no lock on the row.
      const raised = await client.query<{ epoch: string }>(
        `with held as (select id from scheduler_leadership where id = 1 for update)
         update scheduler_leadership l set epoch = epoch + 1, leader = $1, elected_at = now(), seen_at = now()
         from held where l.id = held.id returning epoch`,
        [name],
      )
      const epoch = raised.rows[0]?.epoch
      if (epoch === undefined)
        throw new Error('The row of scheduler_leadership is missing: the database is not migrated')
      return { epoch: BigInt(epoch), lost, show: () => show(client, BigInt(epoch)) }
    },
    deposeUnresponsiveLeader: () => depose(client, unreachableForSeconds),
    close,
  }
}

async function show(client: pg.Client, epoch: bigint): Promise<Date | null> {
  const { rows } = await client.query<{ now: Date }>(
    'update scheduler_leadership set seen_at = now() where id = 1 and epoch = $1 returning now() as now',
    [epoch.toString()],
  )
  return rows[0]?.now ?? null
}

async function depose(client: pg.Client, unreachableForSeconds: number): Promise<number> {
  // Of several standbys one does it. The lock must not wait for that of requireLeader, which a stopped leader may hold.
  const { rowCount } = await client.query(
    `with stale as (
       select 1 from scheduler_leadership where id = 1 and coalesce(abs(extract(epoch from now() - seen_at)) > $2, true)
       for no key update skip locked
     ), holder as (
       select a.application_name from stale, pg_locks l join pg_stat_activity a using (pid)
       where l.locktype = 'advisory' and l.granted and l.objsubid = 1
         and l.database = (select oid from pg_database where datname = current_database())
         and l.classid::bigint = $1::bigint >> 32 and l.objid::bigint = $1::bigint & 4294967295
     )
     select pg_terminate_backend(a.pid) from pg_stat_activity a join holder using (application_name)
     where a.datname = current_database() and a.pid <> pg_backend_pid()`,
    [lockKey.toString(), unreachableForSeconds],
  )
  return rowCount ?? 0
}

/** Thrown by commits of a scheduler that leads no more. */
export class StaleLeaderError extends Error {
  constructor(epoch: bigint) {
    super(`Another scheduler leads: epoch ${epoch} is over`)
    this.name = 'StaleLeaderError'
  }
}

/**
 * Holds the leadership term for the rest of the transaction: no newer leader can be elected before it ends. The leader can still
 * show itself meanwhile, for that changes no key.
 */
export async function requireLeader(tx: Tx, epoch: bigint): Promise<void> {
  const { rowCount } = await tx.query({
    name: 'require-leader',
    text: 'select 1 from scheduler_leadership where id = 1 and epoch = $1 for key share',
    values: [epoch.toString()],
  })
  if (rowCount !== 1) throw new StaleLeaderError(epoch)
}

interface LeaderState {
  leader: string | null
  epoch: string
  /** A leader showed itself within the last 10 seconds. */
  present: boolean
  /** How many stored decisions were replayed, and how many of them came out otherwise. */
  replaysChecked: number
  replaysMismatched: number
}

export async function leaderState(store: Store): Promise<LeaderState> {
  const { rows } = await store.pool.query<LeaderState>(
    `select leader, epoch::text, coalesce(abs(extract(epoch from now() - seen_at)) < 10, false) as present,
       replays_checked::float8 as "replaysChecked", replays_mismatched::float8 as "replaysMismatched" from scheduler_leadership where id = 1`,
  )
  return rows[0] ?? { leader: null, epoch: '0', present: false, replaysChecked: 0, replaysMismatched: 0 }
}

/** Adds to the counts of replayed decisions, which the metrics show. */
export async function countReplays(
  store: Store,
  { epoch, checked, mismatched }: { epoch: bigint; checked: number; mismatched: number },
): Promise<void> {
  await store.pool.query(
    `update scheduler_leadership set replays_checked = replays_checked + $2, replays_mismatched = replays_mismatched + $3
     where id = 1 and epoch = $1`,
    [epoch.toString(), checked, mismatched],
  )
}
