import pg from 'pg'
import type { Store, Tx } from './context'

/** Arbitrary, fixed: the advisory lock that the leading scheduler holds on its own connection. */
const lockKey = 7_236_401_877n

export interface Leadership {
  /** Fencing number of this reign: commits carry it, and an older one changes nothing. */
  epoch: bigint
  /** Resolves when the lock is lost (the connection broke). */
  lost: Promise<void>
  resign(): Promise<void>
}

/** Tries once to become the leader; null while another one leads. */
export async function tryToLead(databaseUrl: string, leader: string): Promise<Leadership | null> {
  const client = new pg.Client({
    connectionString: databaseUrl,
    application_name: 'fogdeck-leader',
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
  })
  let lose: () => void = () => undefined
  const lost = new Promise<void>((resolve) => {
    lose = resolve
  })
  client.on('error', lose)
  client.on('end', lose)
  await client.connect()
  try {
    const { rows } = await client.query<{ won: boolean }>('select pg_try_advisory_lock($1) as won', [
      lockKey.toString(),
    ])
    if (!rows[0]?.won) {
      await client.end()
      return null
    }
    const raised = await client.query<{ epoch: string }>(
      `update scheduler_leadership set epoch = epoch + 1, leader = $1, elected_at = now(), seen_at = now() where id = 1 returning epoch`,
      [leader],
    )
    const epoch = raised.rows[0]?.epoch
    if (epoch === undefined) throw new Error('The row of scheduler_leadership is missing: the database is not migrated')
    return { epoch: BigInt(epoch), lost, resign: () => client.end() }
  } catch (error) {
    await client.end().catch(() => undefined)
    throw error
  }
}

/** Thrown by commits of a scheduler that leads no more. */
export class StaleLeaderError extends Error {
  constructor(epoch: bigint) {
    super(`Another scheduler leads: epoch ${epoch} is over`)
    this.name = 'StaleLeaderError'
  }
}

/** Holds the reign for the rest of the transaction: no newer leader can be elected before it ends. */
export async function requireLeader(tx: Tx, epoch: bigint): Promise<void> {
  const { rowCount } = await tx.query('select 1 from scheduler_leadership where id = 1 and epoch = $1 for share', [
    epoch.toString(),
  ])
  if (rowCount !== 1) throw new StaleLeaderError(epoch)
}

/** False when another one leads by now. */
export async function showLeadership(store: Store, epoch: bigint): Promise<boolean> {
  const { rowCount } = await store.pool.query(
    'update scheduler_leadership set seen_at = now() where id = 1 and epoch = $1',
    [epoch.toString()],
  )
  return rowCount === 1
}

export interface LeaderState {
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
    `select leader, epoch::text, coalesce(seen_at > now() - interval '10 seconds', false) as present,
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
