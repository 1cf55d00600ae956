/**
 * The fleet as it was: rebuilt by the database from what is kept of each change. Events say which nodes there were and in
 * which state, replicas and their statuses what was on them; what they used is in the fleet journal.
 */

import { isLive, replicaStatuses } from '@/core/deployments/status'
import type { PastFleet } from '@/core/insight/history'
import { type NodeState, nodeStates } from '@/core/nodes/list'
import { unknownMark } from '@/core/nodes/map'
import type { Store } from '@/server/db/client'
import { lastRecord } from '@/server/store/journal/fleet-journal'
import { drainedForMaintenance } from '@/server/store/maintenance/drain'
import { onlineNodeStatus } from '@/server/store/nodes/node-health'
import { naturalName, nodeStateSql, stateNumberSql } from '@/server/store/nodes/node-list'

const newest = (kind: string, condition = 'true'): string =>
  `coalesce(max(id) filter (where kind = '${kind}' and ${condition}), 0)`

/** The state of each node from its events up to $1. */
const flags = `
  select node_id,
    ${newest('offline')} > ${newest('online')} as offline,
    ${newest('cordoned')} > ${newest('uncordoned')} as cordoned,
    ${newest('draining')} > ${newest('undrained')} as draining,
    ${newest('maintenance')} > ${newest('undrained')} as maintenance,
    ${newest('draining')} > ${newest('undrained')}
      and ${newest('draining')} = ${newest('draining', `starts_with(detail, '${drainedForMaintenance}')`)} as maintenance_when_drained
  from node_events where at <= $1 group by node_id`

/** The status of a replica at $1; its current one if nothing was recorded since. */
const statusThen = `
  case when r.updated_at <= $1 then r.status
       else (select h.new_status from replica_status_history h where h.replica_id = r.id and h.changed_at <= $1
             order by h.id desc limit 1) end`

/** What was on each node at $1: its reservations, and how many replicas should run. */
const held = `
  select r.node_id, sum(r.cpu_millis)::int as cpu_millis, sum(r.memory_mb)::int as memory_mb,
    count(*) filter (where ${statusThen} = any('{${replicaStatuses.filter(isLive).join(',')}}')) as live
  from deployment_replicas r
  where r.created_at <= $1 and (r.reserved or r.released_at > $1) group by r.node_id`

/**
 * The nodes that there were, $2 their region when it is asked for. What a node is changes only when its agent joins, or
 * it shrinks to what that said: of one that did since, the journal's words ($3 to $8) are older and truer than those of its row.
 */
const past = `
  select n.id, n.node_id, d.region, d.cpu_cores, d.memory_mb, j.cpu, j.memory, coalesce(h.live, 0) as live,
    coalesce(h.cpu_millis, 0) as reserved_cpu_millis, coalesce(h.memory_mb, 0) as reserved_memory_mb,
    coalesce(f.offline, false) as offline, coalesce(f.cordoned, false) as cordoned,
    coalesce(f.draining, false) as draining, coalesce(f.maintenance, false) as maintenance,
    coalesce(f.maintenance_when_drained, false) as maintenance_when_drained
  from nodes n left join flags f on f.node_id = n.id left join held h on h.node_id = n.id
    left join unnest($3::uuid[], $4::float8[], $5::float8[], $6::text[], $7::int[], $8::int[])
      as j(id, cpu, memory, region, cpu_millis, memory_mb) on j.id = n.id
    cross join lateral (select n.id in (select node_id from node_events where kind in ('joined', 'resized') and at > $1) as again) a
    cross join lateral (select
      case when a.again then coalesce(j.region, n.region) else n.region end as region,
      case when a.again then coalesce(j.cpu_millis / 1000.0, n.cpu_cores) else n.cpu_cores end as cpu_cores,
      case when a.again then coalesce(j.memory_mb, n.memory_mb) else n.memory_mb end as memory_mb) d
  where n.created_at <= $1 and (n.removed_at is null or n.removed_at > $1) and ($2::text is null or d.region = $2)`

/** Maintenance lasts until it is ended, whatever becomes of the drain. */
const status = `
  case when n.offline then 'offline' when n.maintenance then 'maintenance' else ${onlineNodeStatus('n')} end`
const percent = (column: string): string =>
  `case when n.state = 'offline' or n.${column} is null then '${unknownMark}' else round(n.${column})::text end`

/**
 * `readPastNodes()` of core/insight/history.ts reads the text. Each step is kept as it is: else the database works out the
 * same words anew for every column that is made of them.
 */
const pastFleet = `
  with flags as materialized (${flags}), held as materialized (${held}), past as materialized (${past}),
  judged as (select n.*, ${status} as status from past n),
  described as materialized (select n.*, ${nodeStateSql('n', 'false')} as state from judged n)
  select string_agg(concat_ws(' ', n.id, n.node_id, n.region, ${stateNumberSql('n.state')} - 1, ${percent('cpu')},
      ${percent('memory')}, n.live, n.reserved_cpu_millis, round(n.cpu_cores * 1000), n.reserved_memory_mb, n.memory_mb),
      E'\\n' order by n.region, ${naturalName}, n.id) as text,
    ${nodeStates.map((state) => `count(*) filter (where n.state = '${state}')::int as ${state}`).join(', ')}
  from described n`

/** The fleet, or a region of it, at a given time. Two queries for its last record, one for everything else. */
export async function readPastFleet(
  store: Store,
  { at, region }: { at: Date; region?: string | undefined },
): Promise<PastFleet> {
  const record = await lastRecord(store, at)
  const seen = record?.state.nodes.filter((node) => node !== null) ?? []
  const { rows } = await store.pool.query<Record<NodeState, number> & { text: string | null }>({
    name: 'past-fleet',
    text: pastFleet,
    values: [
      at,
      region ?? null,
      seen.map((node) => node.id),
      seen.map((node) => node.cpuUsagePercent),
      seen.map((node) => node.memoryUsagePercent),
      seen.map((node) => node.region),
      seen.map((node) => node.capacity.cpuMillis),
      seen.map((node) => node.capacity.memoryMb),
    ],
  })
  return {
    at: at.toISOString(),
    usageAt: record?.at.toISOString() ?? null,
    text: rows[0]?.text ?? '',
    counts: Object.fromEntries(nodeStates.map((state) => [state, rows[0]?.[state] ?? 0])) as Record<NodeState, number>,
  }
}
