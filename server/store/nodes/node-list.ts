/** Pages of nodes. The database filters, sorts and counts, so that the size of the fleet does not matter. */
import {
  type MachineKind,
  type NodeFacets,
  type NodeFilter,
  type NodeHit,
  type NodeSortKey,
  type NodeState,
  nodeStates,
} from '@/core/nodes/list'
import { type NodeMap, unknownMark } from '@/core/nodes/map'
import type { NodePage } from '@/core/views/nodes'
import type { Store } from '@/server/db/client'
import { containing } from '@/server/db/like'
import { isUnreachable } from './node-health'
import { readNodesInOrder } from './node-reads'

const stale = isUnreachable('n')

/** `stateOf` of core/nodes/list.ts as SQL; `stale` says whether the node is offline. */
export const nodeStateSql = (node: string, stale: string): string => `
  case when ${node}.status = 'offline' or ${stale} then 'offline'
       when ${node}.status = 'maintenance' then 'maintenance'
       when ${node}.draining then 'draining'
       when ${node}.cordoned then 'cordoned'
       when ${node}.status = 'busy' then 'full'
       else 'ready' end`

/** The position of the state in `nodeStates`, from 1. */
export const stateNumberSql = (state: string): string =>
  `array_position(array[${nodeStates.map((one) => `'${one}'`).join(', ')}], ${state})`

const nodeState = nodeStateSql('n', stale)

/**
 * node-2 before node-10: each number is padded to twelve digits. The index nodes_natural_name_idx has the same
 * expression.
 */
export const naturalName = `regexp_replace(regexp_replace(lower(n.node_id), '(\\d+)', '000000000000\\1', 'g'), '\\d*(\\d{12})', '\\1', 'g')`

const liveReplicas = `
  left join (select node_id, count(*) as live from deployment_replicas where reserved and wanted = 'run' group by node_id) r
    on r.node_id = n.id`

const stateNumber = stateNumberSql(nodeState)

const sortKeys: Record<NodeSortKey, string> = {
  name: naturalName,
  region: 'n.region',
  status: stateNumber,
  cpu: 'n.reserved_cpu_millis / nullif(n.cpu_cores, 0)',
  memory: 'n.reserved_memory_mb / nullif(n.memory_mb, 0)::float8',
  replicas: 'coalesce(r.live, 0)',
  // A node that never sent a heartbeat sorts as the oldest.
  heartbeat: `coalesce(n.last_heartbeat, '-infinity')`,
}

/** All conditions of a filter but the state: $1 to $6. */
const conditions = `
  n.removed_at is null and ($1::text is null or n.node_id ilike $1 or n.region ilike $1 or n.node_type ilike $1
    or exists (select from jsonb_each_text(n.labels) l where l.key || '=' || l.value ilike $1))
  and ($2::text is null or n.region = $2)
  and ($3::text is null or n.node_type = $3)
  and ($4::text is null or case when $5::text is null then n.labels ? $4 else n.labels ->> $4 = $5 end)
  and ($6::boolean is null or n.simulated = $6)`

const hasState = `($7::text is null or ${nodeState} = $7)`

function filterValues(filter: NodeFilter): unknown[] {
  const search = filter.search?.trim()
  const [key, ...value] = filter.label?.split('=') ?? []
  return [
    search ? containing(search) : null,
    filter.region ?? null,
    filter.type ?? null,
    key ?? null,
    value.length > 0 ? value.join('=') : null,
    filter.kind === undefined ? null : filter.kind === 'simulated',
  ]
}

interface NodePageRequest extends NodeFilter {
  sortBy: NodeSortKey
  sortOrder: 'asc' | 'desc'
  limit: number
  offset: number
}

/** How many of those that are meant are in each state, whatever state was asked for. */
async function countNodes(store: Store, filter: NodeFilter): Promise<Record<NodeState, number>> {
  const { rows } = await store.pool.query<{ state: NodeState; count: number }>(
    `select ${nodeState} as state, count(*)::int as count from nodes n where ${conditions} group by 1`,
    filterValues(filter),
  )
  const counts = Object.fromEntries(nodeStates.map((state) => [state, 0])) as Record<NodeState, number>
  for (const row of rows) counts[row.state] = row.count
  return counts
}

export async function pageOfNodes(store: Store, request: NodePageRequest): Promise<NodePage> {
  const { sortBy, limit, offset } = request
  const order = request.sortOrder === 'asc' ? 'asc nulls first' : 'desc nulls last'
  // Equals are ordered by name, so that rows do not change places when nothing they are sorted by did.
  const [found, counts] = await Promise.all([
    store.pool.query<{ id: string }>(
      `select n.id from nodes n ${sortBy === 'replicas' ? liveReplicas : ''}
       where ${conditions} and ${hasState}
       order by ${sortKeys[sortBy]} ${order}, ${naturalName}, n.id limit $8 offset $9`,
      [...filterValues(request), request.state ?? null, limit, offset],
    ),
    countNodes(store, request),
  ])
  return {
    nodes: await readNodesInOrder(
      store,
      found.rows.map((row) => row.id),
    ),
    total: request.state ? counts[request.state] : nodeStates.reduce((sum, state) => sum + counts[state], 0),
    counts,
  }
}

const shownLabels = 200

export async function nodeFacets(store: Store): Promise<NodeFacets> {
  const [groups, labels] = await Promise.all([
    store.pool.query<{ region: string; node_type: string; simulated: boolean; count: number }>(
      'select region, node_type, simulated, count(*)::int as count from nodes where removed_at is null group by 1, 2, 3',
    ),
    store.pool.query<{ label: string }>(
      `select label from (
         select l.key || '=' || l.value as label, count(*) as nodes from nodes n, jsonb_each_text(n.labels) l where n.removed_at is null
         group by 1 order by nodes desc, label limit $1
       ) common order by label`,
      [shownLabels],
    ),
  ])
  const { rows } = groups
  const of = <Value>(pick: (row: (typeof rows)[number]) => Value): Value[] => [...new Set(rows.map(pick))].sort()
  return {
    total: rows.reduce((sum, row) => sum + row.count, 0),
    regions: of((row) => row.region),
    types: of((row) => row.node_type),
    labels: labels.rows.map((row) => row.label),
    kinds: of((row): MachineKind => (row.simulated ? 'simulated' : 'real')),
  }
}

/** The first nodes whose names hold the text; names that begin with it come first. */
export async function findNodes(store: Store, text: string, limit: number): Promise<NodeHit[]> {
  const { rows } = await store.pool.query<NodeHit>(
    `select n.id, n.node_id as "nodeId", n.region, n.status, n.cordoned, n.draining, ${stale} as stale
     from nodes n where n.removed_at is null and n.node_id ilike $1
     order by starts_with(lower(n.node_id), lower($2)) desc, ${naturalName} limit $3`,
    [containing(text), text, limit],
  )
  return rows
}

/** Every node that is meant, as the text that core/nodes/map.ts reads. The database writes it whole. */
export async function mapOfNodes(store: Store, filter: NodeFilter): Promise<NodeMap> {
  const percent = (column: string) =>
    `case when ${stale} or ${column} is null then '${unknownMark}' else round(${column})::text end`
  const [drawn, counts] = await Promise.all([
    store.pool.query<{ text: string | null }>(
      `select string_agg(concat_ws(' ', n.id, n.node_id, n.region, ${stateNumber} - 1, ${percent('n.cpu_usage_percent')},
          ${percent('n.memory_usage_percent')}, coalesce(r.live, 0)), E'\\n' order by n.region, ${naturalName}, n.id) as text
       from nodes n ${liveReplicas} where ${conditions} and ${hasState}`,
      [...filterValues(filter), filter.state ?? null],
    ),
    countNodes(store, filter),
  ])
  return { text: drawn.rows[0]?.text ?? '', counts }
}
