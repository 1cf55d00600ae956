/** The tables at one moment, as far as the checks need them. */
import type pg from 'pg'
import type { DeploymentStatus, ReplicaStatus } from '@/core/deployments/status'

interface NodeRow {
  id: string
  node_id: string
  status: string
  capacity: number[]
  /** What the row of the node says, and the sum over its replicas: cpu, memory, storage, gpu. */
  reserved: number[]
  held: number[]
}

export interface DeploymentRow {
  id: string
  name: string
  status: DeploymentStatus
  target_replicas: number
  /** The current revision. */
  revision: number
  wait_for_capacity: boolean
  container_image: string
  resources: number
}

export interface ReplicaRow {
  id: string
  deployment_id: string
  node_id: string
  node_name: string
  slot: number
  generation: number
  revision: number
  status: ReplicaStatus
  wanted: 'run' | 'stop'
  reserved: boolean
  container_id: string | null
  started_at: Date | null
}

export interface HistoryRow {
  /** The deployment or replica. */
  subject: string
  old_status: string
  new_status: string
  changed_by: string
  reason: string
}

/** Which processes speak for the nodes of one agent program. */
export interface SpeakerRow {
  instance: string | null
  /** The process that holds the nodes, and the second one that was refused last, as process id and start. */
  holder: string | null
  second: string | null
  nodes: string[]
  /** Another instance holds one of the nodes. */
  mixed: boolean
}

/** The image to which a revision was resolved. */
interface RevisionImageRow {
  deployment_id: string
  revision: number
  digest: string | null
  image_id: string
}

/** A node that went offline, or a replica that was lost or failed. */
export interface Judgement {
  what: 'offline' | 'lost' | 'failed'
  node: string
  at: Date
  reason: string
  /** For a replica only. */
  image: string | null
}

export interface Snapshot {
  nodes: NodeRow[]
  deployments: DeploymentRow[]
  /** Replicas that hold a reservation. */
  replicas: ReplicaRow[]
  speakers: SpeakerRow[]
  images: RevisionImageRow[]
}

export const speakersSql = `
  select a.instance, (a.machine->>'pid') || ' ' || (a.machine->>'processStart') as holder,
    (a.second->'machine'->>'pid') || ' ' || (a.second->'machine'->>'processStart') as second,
    array_agg(n.node_id order by n.node_id) as nodes, bool_or(n.agent_instance is distinct from a.instance) as mixed
  from agents a join nodes n on n.credential_hash = a.credential_hash and n.removed_at is null
  group by a.credential_hash`

export async function readSnapshot(client: pg.Client): Promise<Snapshot> {
  const nodes = await client.query<NodeRow>(`
    select n.id, n.node_id, n.status,
      array[floor(n.cpu_cores * 1000 + 0.5), n.memory_mb, n.storage_gb, n.gpu_available]::float8[] as capacity,
      array[n.reserved_cpu_millis, n.reserved_memory_mb, n.reserved_storage_gb, n.reserved_gpu]::float8[] as reserved,
      array[coalesce(sum(r.cpu_millis), 0), coalesce(sum(r.memory_mb), 0), coalesce(sum(r.storage_gb), 0),
        coalesce(sum(r.gpu_units), 0)]::float8[] as held
    from nodes n left join deployment_replicas r on r.node_id = n.id and r.reserved group by n.id`)
  const deployments = await client.query<DeploymentRow>(`
    select d.id, d.name, d.status, d.target_replicas, d.revision, d.wait_for_capacity, d.container_image,
      (select count(*)::int from deployment_resources r where r.deployment_id = d.id) as resources
    from deployments d where d.name like 'chaos-%'`)
  const replicas = await client.query<ReplicaRow>(`
    select r.id, r.deployment_id, r.node_id, n.node_id as node_name, r.slot, r.generation, r.revision, r.status, r.wanted, r.reserved,
      r.container_id, r.started_at
    from deployment_replicas r join nodes n on n.id = r.node_id where r.reserved`)
  const speakers = await client.query<SpeakerRow>(speakersSql)
  const images = await client.query<RevisionImageRow>(
    'select deployment_id, revision, digest, image_id from revision_images where resolved_at is not null',
  )
  return {
    nodes: nodes.rows,
    deployments: deployments.rows,
    replicas: replicas.rows,
    speakers: speakers.rows,
    images: images.rows,
  }
}

/**
 * Nodes that went offline and replicas that were lost or failed in the last `recentSeconds`, or ever when that is null.
 */
export async function readJudgements(client: pg.Client, recentSeconds: number | null): Promise<Judgement[]> {
  const recent = (column: string) =>
    recentSeconds === null ? 'true' : `${column} > now() - make_interval(secs => ${recentSeconds})`
  const { rows } = await client.query<Judgement>(`
    select e.kind as what, n.node_id as node, e.at, e.detail as reason, null as image
    from node_events e join nodes n on n.id = e.node_id where e.kind = 'offline' and ${recent('e.at')}
    union all
    select h.new_status, n.node_id, h.changed_at, h.reason, d.container_image
    from replica_status_history h join deployment_replicas r on r.id = h.replica_id join nodes n on n.id = r.node_id
    join deployments d on d.id = r.deployment_id
    where h.new_status in ('lost', 'failed') and h.old_status <> h.new_status and ${recent('h.changed_at')}`)
  return rows
}

/**
 * The complete histories of deployments or replicas that changed in the last `recentSeconds`, or all of them when that
 * is null.
 */
export async function readHistory(
  client: pg.Client,
  of: 'deployment' | 'replica',
  recentSeconds: number | null,
): Promise<HistoryRow[]> {
  const [table, subject, order] = {
    deployment: ['deployment_status_history', 'deployment_id', 'seq'] as const,
    replica: ['replica_status_history', 'replica_id', 'id'] as const,
  }[of]
  const recent =
    recentSeconds === null
      ? ''
      : `where ${subject} in (select ${subject} from ${table} where changed_at > now() - make_interval(secs => ${recentSeconds}))`
  const { rows } = await client.query<HistoryRow>(
    `select ${subject} as subject, old_status, new_status, changed_by, reason from ${table} ${recent} order by ${subject}, ${order}`,
  )
  return rows
}

/** The current statuses of rows, by id. */
export async function readStatuses(
  client: pg.Client,
  of: 'deployment' | 'replica',
  ids: string[] | null,
): Promise<Map<string, string>> {
  const table = of === 'deployment' ? 'deployments' : 'deployment_replicas'
  const where = ids === null ? '' : 'where id = any($1::uuid[])'
  const { rows } = await client.query<{ id: string; status: string }>(
    `select id, status from ${table} ${where}`,
    ids === null ? [] : [ids],
  )
  return new Map(rows.map(({ id, status }) => [id, status]))
}
