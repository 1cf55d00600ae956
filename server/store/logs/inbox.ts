/** Stores the log lines that agents send, up to a limit, and announces them to readers. */
import { type LogChunk, type LogLine, lengthOf, logLimits } from '@/core/logs/log'
import { type Store, type Tx, transaction } from '@/server/db/client'
import { announce } from '@/server/db/notify'
import { requireLeader } from '@/server/store/leader/leadership'
import { sealLines } from './codec'

interface LogRow {
  replica_id: string
  seq: number
  length: number
  last_at: string | null
  /** Whether somebody reads the log. */
  wanted: boolean
}

interface WrittenChunk {
  replicaId: string
  seq: number
  gap: boolean
  lines: LogLine[]
}

/** Enough above the limit that old chunks need not go with every new one. */
const prunedFrom = logLimits.keptLength * 1.25

/**
 * Keeps what is new of these logs, in one transaction. Lines that are not newer than the newest one known were sent
 * before. Of replicas that are not on a node of `nodeIds` nothing is taken. Hands out those that nobody reads.
 */
export async function recordLogs(
  store: Store,
  nodeIds: ReadonlySet<string>,
  chunks: readonly LogChunk[],
): Promise<{ undesired: string[] }> {
  const own = chunks.filter((chunk) => nodeIds.has(chunk.nodeId))
  return transaction(store, async (tx) => {
    const rows = await lockLogs(tx, own)
    const written: WrittenChunk[] = []
    const states = new Map<string, LogChunk>()
    for (const chunk of own) {
      const row = rows.get(chunk.replicaId)
      if (!row) continue
      if (chunk.state !== null) states.set(chunk.replicaId, chunk)
      const lines = newLines(row, chunk.lines)
      if (lines.length === 0) continue
      row.seq += 1
      row.length += lengthOf(lines)
      written.push({ replicaId: chunk.replicaId, seq: row.seq, gap: chunk.gap, lines })
    }
    await writeChunks(tx, store, written)
    await prune(
      tx,
      [...rows.values()].filter((row) => row.length > prunedFrom),
    )
    await writeRows(tx, [...rows.values()], states)
    const news = [...new Set([...written.map((chunk) => chunk.replicaId), ...states.keys()])]
    if (news.length > 0) await announce(tx, [{ topic: 'log', ids: news }])
    const isDesired = (replicaId: string) => rows.get(replicaId)?.wanted ?? false
    return { undesired: chunks.map((chunk) => chunk.replicaId).filter((replicaId) => !isDesired(replicaId)) }
  })
}

/** Locked in the order of their ids, like everywhere. */
async function lockLogs(tx: Tx, chunks: readonly LogChunk[]): Promise<Map<string, LogRow>> {
  const { rows } = await tx.query<LogRow>({
    name: 'lock-logs',
    text: `
      insert into replica_logs (replica_id, node_id)
      select distinct r.id, r.node_id from unnest($1::uuid[], $2::uuid[]) as c(replica_id, node_id)
      join deployment_replicas r on r.id = c.replica_id and r.node_id = c.node_id order by r.id
      on conflict (replica_id) do update set updated_at = now()
      returning replica_id, seq, length, last_at, coalesce(wanted_until > now(), false) as wanted`,
    values: [chunks.map((chunk) => chunk.replicaId), chunks.map((chunk) => chunk.nodeId)],
  })
  return new Map(rows.map((row) => [row.replica_id, row]))
}

function newLines(row: LogRow, lines: readonly LogLine[]): LogLine[] {
  return lines.filter(({ at }) => {
    if (row.last_at !== null && at <= row.last_at) return false
    row.last_at = at
    return true
  })
}

async function writeChunks(tx: Tx, { sealer }: Store, chunks: WrittenChunk[]): Promise<void> {
  if (chunks.length === 0) return
  await tx.query({
    name: 'write-log-chunks',
    text: `
      insert into replica_log_chunks (replica_id, seq, gap, length, sealed)
      select * from unnest($1::uuid[], $2::int[], $3::bool[], $4::int[], $5::bytea[])`,
    values: [
      chunks.map(({ replicaId }) => replicaId),
      chunks.map(({ seq }) => seq),
      chunks.map(({ gap }) => gap),
      chunks.map(({ lines }) => lengthOf(lines)),
      chunks.map(({ replicaId, lines }) => sealLines(sealer, replicaId, lines)),
    ],
  })
}

/** Of each log, the newest chunks that fit the limit stay, and at least one. */
async function prune(tx: Tx, rows: LogRow[]): Promise<void> {
  if (rows.length === 0) return
  const { rows: left } = await tx.query<{ replica_id: string; length: number }>({
    name: 'prune-log-chunks',
    text: `
      with kept as (
        select replica_id, seq, length, sum(length) over (partition by replica_id order by seq desc) - length as above
        from replica_log_chunks where replica_id = any($1::uuid[])
      ), gone as (
        delete from replica_log_chunks c using kept k where c.replica_id = k.replica_id and c.seq = k.seq and k.above >= $2
      )
      select replica_id, sum(length)::int as length from kept where above < $2 group by replica_id`,
    values: [rows.map((row) => row.replica_id), logLimits.keptLength],
  })
  for (const row of rows) row.length = left.find((each) => each.replica_id === row.replica_id)?.length ?? 0
}

async function writeRows(tx: Tx, rows: LogRow[], states: ReadonlyMap<string, LogChunk>): Promise<void> {
  await tx.query({
    name: 'write-logs',
    text: `
      update replica_logs l set seq = n.seq, length = n.length, last_at = n.last_at, state = coalesce(n.state, l.state),
        message = case when n.state is null then l.message else n.message end
      from unnest($1::uuid[], $2::int[], $3::int[], $4::text[], $5::text[], $6::text[])
        as n(replica_id, seq, length, last_at, state, message) where l.replica_id = n.replica_id`,
    values: [
      rows.map((row) => row.replica_id),
      rows.map((row) => row.seq),
      rows.map((row) => row.length),
      rows.map((row) => row.last_at),
      rows.map((row) => states.get(row.replica_id)?.state ?? null),
      rows.map((row) => states.get(row.replica_id)?.message ?? ''),
    ],
  })
}

/** Deletes logs that nobody added to or read since a given time. Only in the leadership term `epoch`. */
export const pruneLogs = (store: Store, { epoch, before }: { epoch: bigint; before: Date }): Promise<number> =>
  transaction(store, async (tx) => {
    await requireLeader(tx, epoch)
    const { rowCount } = await tx.query(
      `with gone as (delete from replica_logs where updated_at < $1 returning replica_id),
         chunks as (delete from replica_log_chunks c using gone where c.replica_id = gone.replica_id)
       select from gone`,
      [before],
    )
    return rowCount ?? 0
  })
