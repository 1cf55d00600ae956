/** Log subscriptions, and reading logs. */
import { Failure, isUuid, notFound } from '@/core/contract/failure'
import type { LogLine, LogState, LogSubscriptions } from '@/core/logs/log'
import { type Store, transaction } from '@/server/db/client'
import { announce } from '@/server/db/notify'
import { openLines } from './codec'

/** How long a subscription lasts; readers renew it well before that. */
const subscriptionSeconds = 30

/** Refuses ids that are not replicas of the deployment. */
export async function requireReplicas(
  store: Store,
  deploymentId: string,
  replicaIds: readonly string[],
): Promise<void> {
  if (!isUuid(deploymentId)) throw notFound('deployment', deploymentId)
  const { rows } = await store.pool.query<{ id: string }>(
    'select id from deployment_replicas where deployment_id = $1 and id = any($2::uuid[])',
    [deploymentId, replicaIds],
  )
  const known = new Set(rows.map((row) => row.id))
  const unknown = replicaIds.find((id) => !known.has(id))
  if (unknown !== undefined) throw new Failure('not-found', `This deployment has no replica ${unknown}`)
}

/** Subscribes to these logs: their nodes send them for a while. */
export async function wantLogs(store: Store, replicaIds: readonly string[]): Promise<void> {
  await transaction(store, async (tx) => {
    const { rows } = await tx.query<{ node_id: string }>({
      name: 'want-logs',
      text: `
        insert into replica_logs (replica_id, node_id, wanted_until)
        select r.id, r.node_id, now() + make_interval(secs => $2) from deployment_replicas r
        where r.id = any($1::uuid[]) and r.reserved order by r.id
        on conflict (replica_id) do update set wanted_until = excluded.wanted_until, updated_at = now() returning node_id`,
      values: [replicaIds, subscriptionSeconds],
    })
    const nodeIds = [...new Set(rows.map((row) => row.node_id))]
    if (nodeIds.length > 0) await announce(tx, [{ topic: 'log-subscription', ids: nodeIds }])
  })
}

/** The logs that these nodes should send; nodes without readers are left out. */
export async function logSubscriptions(store: Store, nodeIds: readonly string[]): Promise<LogSubscriptions[]> {
  if (nodeIds.length === 0) return []
  const { rows } = await store.pool.query<{
    node_id: string
    replica_id: string
    seconds: number
    last_at: string | null
  }>({
    name: 'log-subscriptions',
    text: `
      select node_id, replica_id, extract(epoch from wanted_until - now())::float8 as seconds, last_at from replica_logs
      where node_id = any($1::uuid[]) and wanted_until > now() order by node_id, replica_id`,
    values: [nodeIds],
  })
  const subscriptions = new Map<string, LogSubscriptions>()
  for (const row of rows) {
    const subscription = subscriptions.get(row.node_id) ?? { nodeId: row.node_id, replicas: [] }
    subscriptions.set(row.node_id, subscription)
    subscription.replicas.push({ replicaId: row.replica_id, seconds: row.seconds, since: row.last_at })
  }
  return [...subscriptions.values()]
}

interface ReadChunk {
  replicaId: string
  seq: number
  gap: boolean
  lines: LogLine[]
}

/** How many chunks are read at once, oldest first: a slow reader asks for the next ones when it is ready. */
const chunksAtOnce = 100

/** Everything that was written after the cursors, which go along: they are the chunks that were handed out last. */
export async function* unreadLogs(store: Store, cursors: Map<string, number>): AsyncGenerator<ReadChunk, void> {
  for (;;) {
    const chunks = await readChunks(store, cursors)
    if (chunks.length === 0) return
    for (const chunk of chunks) {
      cursors.set(chunk.replicaId, chunk.seq)
      yield chunk
    }
  }
}

/** What was written after these chunks, of each replica. A gap also where chunks went before they were read. */
async function readChunks(store: Store, cursors: ReadonlyMap<string, number>): Promise<ReadChunk[]> {
  const { rows } = await store.pool.query<{ replica_id: string; seq: number; gap: boolean; sealed: Buffer }>({
    name: 'read-logs',
    text: `
      select c.replica_id, c.seq, c.gap, c.sealed from unnest($1::uuid[], $2::int[]) as k(replica_id, seq)
      join replica_log_chunks c on c.replica_id = k.replica_id and c.seq > k.seq
      order by c.seq - k.seq, c.replica_id limit $3`,
    values: [[...cursors.keys()], [...cursors.values()], chunksAtOnce],
  })
  const known = new Map(cursors)
  return rows.map((row) => {
    const missed = row.seq > (known.get(row.replica_id) ?? 0) + 1
    known.set(row.replica_id, row.seq)
    return {
      replicaId: row.replica_id,
      seq: row.seq,
      gap: row.gap || missed,
      lines: openLines(store.sealer, row.replica_id, row.sealed),
    }
  })
}

export interface ReadState {
  replicaId: string
  state: LogState | null
  message: string
}

export async function readLogStates(store: Store, replicaIds: readonly string[]): Promise<ReadState[]> {
  const { rows } = await store.pool.query<{ replica_id: string; state: LogState | null; message: string }>({
    name: 'read-log-states',
    text: 'select replica_id, state, message from replica_logs where replica_id = any($1::uuid[])',
    values: [replicaIds],
  })
  return rows.map((row) => ({ replicaId: row.replica_id, state: row.state, message: row.message }))
}
