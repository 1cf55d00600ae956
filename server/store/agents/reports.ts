import type { ReplicaReport } from '@/core/agents/protocol'
import type { ReplicaStatus } from '@/core/deployments/status'
import { type Store, type Tx, transaction } from '@/server/db/client'
import { announce, type Change } from '@/server/db/notify'
import { plainArray, textArray } from '@/server/db/pg-arrays'
import { followObservations } from '@/server/store/deployments/follow-observations'
import { openReturns, settleReturns } from '@/server/store/node-loss/node-returns'
import {
  raiseDesiredRevision,
  recordDrained,
  recordNodeEvents,
  refreshNodeStatus,
} from '@/server/store/nodes/node-rows'
import { type SizeRow, shrunkEvents, sizeColumns } from '@/server/store/nodes/node-size'
import { enqueueEvaluations, wakeBlockedEvaluations } from '@/server/store/queue/evaluations'
import type { DeploymentStatusChange } from '@/server/store/records/status-changes'
import { persistConflicts, releaseHostPorts } from '@/server/store/scheduling/host-ports'
import {
  absencesOf,
  digest,
  type HistoryRow,
  type ReplicaRow,
  returnNewsOf,
  type WrittenReplica,
} from './report-digest'

/** Starts of one replica that are reported within this many seconds count as one. */
const sameStartSeconds = 2

export interface ReportOutcome {
  /** Replicas that do not exist, or are on another node: the agent should not report them again. */
  unknown: string[]
  replicas: { id: string; status: ReplicaStatus; reason: string }[]
  deployments: DeploymentStatusChange[]
}

/**
 * Applies what agents saw, in one transaction: replica statuses along the transition table with their history,
 * reservations given back for containers that are gone, deployment statuses that follow, and evaluations for slots
 * that lost their replica. Repeating a report changes nothing. `nodeIds` are those for which the agent speaks. The
 * number of statements does not depend on the number of reports.
 */
export async function applyReports(
  store: Store,
  nodeIds: ReadonlySet<string>,
  reports: ReplicaReport[],
): Promise<ReportOutcome> {
  return transaction(store, async (tx) => {
    const rows = await lockReplicas(tx, reports)
    await openReturns(tx, absencesOf([...rows.values()]))
    const seen = digest(rows, nodeIds, reports)
    await writeReplicas(tx, [...seen.written.values()])
    await writeHistory(tx, seen.history)
    const freed = [...seen.freed]
    const changedNodes = [...seen.endedWhileDesired, ...freed].map((row) => row.node_id)
    await raiseDesiredRevision(tx, [...new Set(changedNodes)].sort())
    const conflicts = await persistConflicts(
      tx,
      [...seen.written.values()].map(({ report }) => report),
    )
    await release(tx, freed)
    await settleReturns(tx, returnNewsOf(seen))
    const touched = [...new Set([...seen.written.values()].map(({ row }) => row.deployment_id))].sort()
    const { changes: deployments, onTheMove } = await followObservations(tx, touched)
    const lostSlots = [...new Set(seen.endedWhileDesired.map((row) => row.deployment_id))].sort()
    await enqueueEvaluations(tx, lostSlots, 'replica-failed')
    // A replica came to run, or changed its health, while another one is to make way: the scheduler takes the next
    // step.
    const seenRunning = new Set([...seen.seenRunning].map((row) => row.deployment_id))
    const tooOften = new Set(seen.restartedTooOften.map((row) => row.deployment_id))
    const moving = onTheMove.filter((id) => seenRunning.has(id) || tooOften.has(id))
    await enqueueEvaluations(tx, moving, 'move')
    if (freed.length > 0) await wakeBlockedEvaluations(tx)
    await announce(
      tx,
      newsOf({ touched, freed, conflicts, evaluations: freed.length + lostSlots.length + moving.length > 0 }),
    )
    const moved = seen.history.filter(({ from, to }) => from !== to)
    return {
      unknown: seen.unknown,
      replicas: moved.map(({ replica, to, reason }) => ({ id: replica.id, status: to, reason })),
      deployments,
    }
  })
}

function newsOf(news: {
  touched: string[]
  freed: ReplicaRow[]
  /** Nodes of which it is known now that another program has a host port. */
  conflicts: string[]
  evaluations: boolean
}): Change[] {
  const changes: Change[] = []
  if (news.touched.length > 0) changes.push({ topic: 'deployment', ids: news.touched })
  const nodes = [...news.freed.map((row) => row.node_id), ...news.conflicts]
  if (nodes.length > 0) changes.push({ topic: 'node', ids: nodes })
  if (news.evaluations) changes.push({ topic: 'evaluation', ids: [] })
  return changes
}

/**
 * Locks deployments, then replicas, each by id: the order that all writers keep. Replicas that are not on the node that
 * reports them are another agent's matter: they are not looked at.
 */
async function lockReplicas(tx: Tx, reports: readonly ReplicaReport[]): Promise<Map<string, ReplicaRow>> {
  const pairs = [...new Map(reports.map((report) => [`${report.replicaId} ${report.nodeId}`, report])).values()]
  const values = [plainArray(pairs.map(({ replicaId }) => replicaId)), plainArray(pairs.map(({ nodeId }) => nodeId))]
  await tx.query({
    name: 'lock-deployments-of-replicas',
    text: `
      select id from deployments where id in (
        select r.deployment_id from unnest($1::uuid[], $2::uuid[]) as k(id, node_id)
        join deployment_replicas r on r.id = k.id and r.node_id = k.node_id)
      order by id for no key update`,
    values,
  })
  const { rows } = await tx.query<ReplicaRow>({
    name: 'lock-replicas',
    text: `
      select r.id, r.deployment_id, r.node_id, n.node_id as node_name, r.status, r.wanted, r.reserved, r.health, r.interruptions,
        r.reason, r.cpu_millis, r.memory_mb, r.storage_gb, r.gpu_units, n.status as node_status, n.last_heartbeat
      from unnest($1::uuid[], $2::uuid[]) as k(id, node_id)
        join deployment_replicas r on r.id = k.id and r.node_id = k.node_id join nodes n on n.id = r.node_id
      order by r.id for no key update of r`,
    values,
  })
  return new Map(rows.map((row) => [row.id, row]))
}

/**
 * A start is between the replica's creation and now. The way of each report takes another time, which must not move a start
 * that is known; a later one is another start.
 */
const startOf = `
  case when s.started_at is null or r.started_at + interval '${sameStartSeconds} s' >= s.started_at then r.started_at
    else greatest(least(s.started_at, now()), r.created_at) end`

async function writeReplicas(tx: Tx, written: WrittenReplica[]): Promise<void> {
  if (written.length === 0) return
  const records = written.map(({ row, report, ended, interruption, unhealthy }) => ({
    id: row.id,
    status: row.status,
    wanted: row.wanted,
    reason: row.reason,
    container_id: report.containerId,
    exit_code: report.exitCode ?? interruption?.exitCode ?? null,
    health: report.health,
    ports: report.ports,
    started_at: report.startedAt,
    observed_at: report.observedAt,
    ended,
    interruptions: row.interruptions,
    restarts: report.restarts.restarts,
    in_a_row: report.restarts.inARow,
    was_well: report.restarts.wasWell,
    restart_in_ms: report.restartInMs,
    last_end_at: interruption?.observedAt,
    last_end_reason: interruption?.reason,
    unhealthy_at: unhealthy?.observedAt,
    check_output: report.checkOutput,
    standstill: report.standstill,
  }))
  await tx.query({
    name: 'write-replicas',
    text: `
      update deployment_replicas r set status = s.status, wanted = s.wanted, reason = s.reason, health = s.health, ports = s.ports,
        container_id = coalesce(s.container_id, r.container_id), exit_code = coalesce(s.exit_code, r.exit_code),
        acknowledged_at = coalesce(r.acknowledged_at, now()), started_at = ${startOf},
        finished_at = case when s.ended then greatest(least(coalesce(s.observed_at, now()), now()), r.created_at) else r.finished_at end,
        interruptions = s.interruptions, restarts = s.restarts, restarts_in_a_row = s.in_a_row, was_well = s.was_well or r.was_well,
        next_restart_at = least(coalesce(s.observed_at, now()), now()) + s.restart_in_ms * interval '1 ms',
        last_end_at = case when s.last_end_reason is null then r.last_end_at else coalesce(s.last_end_at, now()) end,
        last_end_reason = coalesce(s.last_end_reason, r.last_end_reason), check_output = s.check_output, standstill = s.standstill,
        unhealthy_since = case when s.health = 'unhealthy' then coalesce(s.unhealthy_at, r.unhealthy_since, now()) end, updated_at = now()
      from jsonb_to_recordset($1::jsonb) as s(id uuid, status text, wanted text, reason text, container_id text, exit_code int,
        health text, ports jsonb, started_at timestamptz, observed_at timestamptz, ended boolean,
        interruptions int, restarts int, in_a_row int, was_well boolean, restart_in_ms int, last_end_at timestamptz,
        last_end_reason text, unhealthy_at timestamptz, check_output text, standstill text)
      where r.id = s.id`,
    values: [JSON.stringify(records)],
  })
}

/** Each step at the time at which the agent saw it, but never before the one before it, and never in the future. */
async function writeHistory(tx: Tx, history: HistoryRow[]): Promise<void> {
  if (history.length === 0) return
  await tx.query({
    name: 'write-replica-history',
    text: `
      insert into replica_status_history (replica_id, deployment_id, old_status, new_status, health, reason, changed_by, changed_at)
      select h.replica_id, h.deployment_id, h.old_status, h.new_status, h.health, h.reason, h.changed_by,
        greatest(least(coalesce(max(h.at) over (partition by h.replica_id order by h.n), now()), now()), (
          select o.changed_at from replica_status_history o where o.replica_id = h.replica_id order by o.id desc limit 1))
      from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[], $8::text[])
        with ordinality as h(replica_id, deployment_id, old_status, new_status, reason, changed_by, at, health, n) order by h.n`,
    values: [
      plainArray(history.map(({ replica }) => replica.id)),
      plainArray(history.map(({ replica }) => replica.deployment_id)),
      plainArray(history.map(({ from }) => from)),
      plainArray(history.map(({ to }) => to)),
      textArray(history.map(({ reason }) => reason)),
      textArray(history.map(({ replica }) => replica.node_name)),
      textArray(history.map(({ at }) => at)),
      textArray(history.map(({ health }) => health)),
    ],
  })
}

/** Gives reservations back. The node rows must be locked. */
async function release(tx: Tx, rows: ReplicaRow[]): Promise<void> {
  if (rows.length === 0) return
  await tx.query(
    'update deployment_replicas set reserved = false, released_at = now(), updated_at = now() where id = any($1::uuid[])',
    [rows.map((row) => row.id)],
  )
  await releaseHostPorts(
    tx,
    rows.map((row) => row.id),
  )
  const { rows: sizes } = await tx.query<SizeRow & { shrank: boolean }>({
    name: 'release',
    text: `
      update nodes n set reserved_cpu_millis = reserved_cpu_millis - f.cpu, reserved_memory_mb = reserved_memory_mb - f.memory,
        reserved_storage_gb = reserved_storage_gb - f.storage, reserved_gpu = reserved_gpu - f.gpu
      from (
        select id, sum(cpu)::int as cpu, sum(memory)::int as memory, sum(storage)::int as storage, sum(gpu)::int as gpu,
          (select row(o.cpu_cores, o.memory_mb, o.storage_gb, o.gpu_available) from nodes o where o.id = u.id) as size
        from unnest($1::uuid[], $2::int[], $3::int[], $4::int[], $5::int[]) as u(id, cpu, memory, storage, gpu) group by id
      ) f where n.id = f.id
      returning f.size is distinct from row(n.cpu_cores, n.memory_mb, n.storage_gb, n.gpu_available) as shrank, ${sizeColumns('n')}`,
    values: [
      rows.map((row) => row.node_id),
      rows.map((row) => row.cpu_millis),
      rows.map((row) => row.memory_mb),
      rows.map((row) => row.storage_gb),
      rows.map((row) => row.gpu_units),
    ],
  })
  const nodeIds = [...new Set(rows.map((row) => row.node_id))]
  await refreshNodeStatus(tx, nodeIds)
  await recordDrained(tx, nodeIds)
  await recordNodeEvents(tx, shrunkEvents(sizes.filter(({ shrank }) => shrank)))
}
