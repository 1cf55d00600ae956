/** Fixed host ports in the database: who holds them, and which ones other programs use. */
import type { ReplicaReport } from '@/core/agents/protocol'
import { isPortConflict, portConflictMinutes, portsFoundTaken } from '@/core/placement/host-ports'
import { type Store, type Tx, transaction } from '@/server/db/client'
import { announce } from '@/server/db/notify'
import { plainArray, textArray } from '@/server/db/pg-arrays'
import { requireLeader } from '@/server/store/leader/leadership'
import { wakeBlockedEvaluations } from '@/server/store/queue/evaluations'

/**
 * Takes the ports of replicas that were placed, from those that hand theirs over where that was decided. A port that
 * somebody else holds by now is a unique violation. The node rows must be locked.
 */
export async function reserveHostPorts(
  tx: Tx,
  placed: {
    replica: { id: string; nodeId: string; takesOver: { replicaId: string; hostPorts: number[] } | null }
    hostPorts: readonly number[]
  }[],
): Promise<void> {
  const wanted = placed.flatMap(({ replica: { id, nodeId, takesOver }, hostPorts }) =>
    hostPorts.map((port) => ({
      id,
      nodeId,
      port,
      from: takesOver?.hostPorts.includes(port) ? takesOver.replicaId : null,
    })),
  )
  if (wanted.length === 0) return
  await tx.query({
    name: 'reserve-host-ports',
    text: `
      with wanted as (
        select * from unnest($1::uuid[], $2::int[], $3::uuid[], $4::uuid[]) as w(node_id, port, replica_id, from_id)
      ), handed as (
        update host_port_reservations p set replica_id = w.replica_id from wanted w
        where p.node_id = w.node_id and p.host_port = w.port and p.replica_id = w.from_id returning p.node_id, p.host_port
      )
      insert into host_port_reservations (node_id, host_port, replica_id)
      select w.node_id, w.port, w.replica_id from wanted w
      where not exists (select 1 from handed h where h.node_id = w.node_id and h.host_port = w.port)`,
    values: [
      plainArray(wanted.map(({ nodeId }) => nodeId)),
      plainArray(wanted.map(({ port }) => port)),
      plainArray(wanted.map(({ id }) => id)),
      textArray(wanted.map(({ from }) => from)),
    ],
  })
}

/** Releases the ports of replicas whose containers are gone. */
export async function releaseHostPorts(tx: Tx, replicaIds: string[]): Promise<void> {
  await tx.query({
    name: 'release-host-ports',
    text: 'delete from host_port_reservations where replica_id = any($1::uuid[])',
    values: [replicaIds],
  })
}

/**
 * Remembers the ports that containers could not take although placement gave them: other programs of the machine have
 * them. Only what never started tells: what an application wrote at its end is about ports of its own. Before the ports are
 * given back. Says which nodes that concerns.
 */
export async function persistConflicts(tx: Tx, reports: readonly ReplicaReport[]): Promise<string[]> {
  const failed = reports.filter(
    ({ status, startedAt, reason }) => status === 'failed' && startedAt === null && isPortConflict(reason),
  )
  if (failed.length === 0) return []
  const { rows } = await tx.query<{ replica_id: string; host_port: number }>(
    'select replica_id, host_port from host_port_reservations where replica_id = any($1::uuid[])',
    [failed.map(({ replicaId }) => replicaId)],
  )
  const found = failed.flatMap(({ replicaId, nodeId, reason }) => {
    const asked = rows.filter((row) => row.replica_id === replicaId).map((row) => row.host_port)
    return portsFoundTaken(reason, asked).map((port) => ({ nodeId, port, reason }))
  })
  await tx.query(
    `insert into host_port_conflicts (node_id, host_port, message)
     select distinct on (c.node_id, c.port) c.* from unnest($1::uuid[], $2::int[], $3::text[]) as c(node_id, port, message)
     on conflict (node_id, host_port) do update set seen_at = now(), message = excluded.message`,
    [found.map(({ nodeId }) => nodeId), found.map(({ port }) => port), found.map(({ reason }) => reason)],
  )
  return [...new Set(found.map(({ nodeId }) => nodeId))]
}

/** Deletes old conflicts, because the other program may have ended, and retries those who wait for the port. */
export async function forgetOldConflicts(store: Store, epoch: bigint): Promise<number> {
  const { rows } = await store.pool.query(
    'select 1 from host_port_conflicts where seen_at < now() - $1::interval limit 1',
    [`${portConflictMinutes} minutes`],
  )
  if (rows.length === 0) return 0
  return transaction(store, async (tx) => {
    await requireLeader(tx, epoch)
    const { rows: gone } = await tx.query<{ node_id: string }>(
      'delete from host_port_conflicts where seen_at < now() - $1::interval returning node_id',
      [`${portConflictMinutes} minutes`],
    )
    await submit(tx, gone)
    return gone.length
  })
}

/** Deletes the conflicts of a deployment that is retried: its ports may be free by now. */
export async function forgetConflictsOf(tx: Tx, deploymentId: string): Promise<void> {
  const { rows } = await tx.query<{ node_id: string }>(
    `delete from host_port_conflicts where host_port in (
       select (p->>'host')::int from deployments d, jsonb_array_elements(d.ports) p where d.id = $1
     ) returning node_id`,
    [deploymentId],
  )
  await submit(tx, rows)
}

async function submit(tx: Tx, freed: { node_id: string }[]): Promise<void> {
  if (freed.length === 0) return
  await wakeBlockedEvaluations(tx)
  await announce(tx, [
    { topic: 'node', ids: freed.map((row) => row.node_id) },
    { topic: 'evaluation', ids: [] },
  ])
}
