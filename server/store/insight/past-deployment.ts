import { Failure, isUuid, notFound } from '@/core/contract/failure'
import type { DeploymentStatus, ReplicaStatus } from '@/core/deployments/status'
import type { PastDeployment, PastReplica } from '@/core/insight/history'
import type { Store } from '@/server/db/client'

/** The newest value that the audit log gives a number of the deployment $1, up to $2. */
const audited = (name: string): string => `
  (select (a.after->>'${name}')::int from audit_log a
   where a.subject_id = $1::text and a.subject_type = 'deployment' and a.at <= $2 and a.after ? '${name}'
   order by a.id desc limit 1)`

const deploymentThen = `
  select d.name, d.created_at, h.new_status as status, h.reason, h.changed_at as since,
    coalesce(${audited('replicas')}, d.target_replicas) as target_replicas, coalesce(${audited('revision')}, 1) as revision
  from deployments d left join lateral (
    select * from deployment_status_history h where h.deployment_id = d.id and h.changed_at <= $2
    order by h.seq desc limit 1) h on true
  where d.id = $1::uuid`

/** The attempts that there were at $2 of the deployment $1: those with a place, and the newest of each slot. */
const replicasThen = `
  select r.id, r.slot, r.generation, r.revision, r.reserved, r.newest, n.id as node_id, n.node_id as node_name, n.region,
    coalesce(e.kind = 'offline', false) as offline, s.new_status as status, s.reason, s.changed_at as since
  from (
    select r.id, r.slot, r.generation, r.revision, r.node_id, r.reserved or r.released_at > $2 as reserved,
      r.generation = max(r.generation) over (partition by r.slot) as newest
    from deployment_replicas r where r.deployment_id = $1 and r.created_at <= $2
  ) r
    join nodes n on n.id = r.node_id
    cross join lateral (
      select h.* from replica_status_history h where h.replica_id = r.id and h.changed_at <= $2 order by h.id desc limit 1) s
    left join lateral (
      select v.kind from node_events v where v.node_id = r.node_id and v.kind in ('offline', 'online') and v.at <= $2
      order by v.id desc limit 1) e on true
  where r.reserved or r.newest
  order by r.slot, r.generation desc`

interface DeploymentRow {
  name: string
  created_at: Date
  status: DeploymentStatus | null
  reason: string
  since: Date
  target_replicas: number
  revision: number
}

interface ReplicaRow {
  id: string
  slot: number
  generation: number
  revision: number
  reserved: boolean
  newest: boolean
  node_id: string
  node_name: string
  region: string
  offline: boolean
  status: ReplicaStatus
  reason: string
  since: Date
}

/** A deployment at a given time, and where its replicas were. One query for each. */
export async function readPastDeployment(store: Store, { id, at }: { id: string; at: Date }): Promise<PastDeployment> {
  if (!isUuid(id)) throw notFound('deployment', id)
  const [deployments, replicas] = await Promise.all([
    store.pool.query<DeploymentRow>({ name: 'past-deployment', text: deploymentThen, values: [id, at] }),
    store.pool.query<ReplicaRow>({ name: 'past-replicas', text: replicasThen, values: [id, at] }),
  ])
  const row = deployments.rows[0]
  if (!row) throw notFound('deployment', id)
  if (row.status === null) throw beforeItWasMade(row)
  return {
    at: at.toISOString(),
    name: row.name,
    status: row.status,
    reason: row.reason,
    since: row.since.toISOString(),
    targetReplicas: row.target_replicas,
    revision: row.revision,
    replicas: replicas.rows
      .filter(({ reserved, newest, slot }) => reserved || (newest && slot < row.target_replicas))
      .map(replicaOf),
  }
}

function beforeItWasMade({ name, created_at: createdAt }: DeploymentRow): Failure {
  const message = `${name} was made at ${createdAt.toISOString()}: choose that moment or a later one`
  return new Failure('bad-input', message, { fields: [{ path: 'at', message }] })
}

const replicaOf = (row: ReplicaRow): PastReplica => ({
  id: row.id,
  slot: row.slot,
  generation: row.generation,
  revision: row.revision,
  node: { id: row.node_id, nodeId: row.node_name, region: row.region, offline: row.offline },
  status: row.status,
  reason: row.reason,
  since: row.since.toISOString(),
  reserved: row.reserved,
})
