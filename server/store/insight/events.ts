import { changeText } from '@/core/audit/labels'
import type { DeploymentStatus, ReplicaStatus } from '@/core/deployments/status'
import { type EventCursor, type EventKind, eventKinds, type FleetEvent, mergePage } from '@/core/insight/events'
import type { Store } from '@/server/db/client'
import { containing } from '@/server/db/like'

interface EventFilter {
  kinds: readonly EventKind[]
  /** Part of the name of the deployment, node or user. */
  subject?: string | undefined
  /** Part of the actor's name. */
  actor?: string | undefined
  after?: Date | undefined
  before?: Date | undefined
  from: EventCursor
  limit: number
}

interface EventRow {
  id: string
  at: Date
  subject_type: FleetEvent['subject']['type']
  subject_id: string | null
  subject_name: string
  status: string | null
  action: string
  detail: string
  /** The action of a user. */
  before?: Record<string, unknown> | null
  after?: Record<string, unknown> | null
  actor: string
}

/** The targets of users' actions: regions and settings have no other name than their id. */
const personSubject = `coalesce(d.name, n.node_id, u.username, a.after->>'name', a.before->>'name',
  case when a.subject_type in ('region', 'setting', 'call') then a.subject_type || ' ' || a.subject_id else a.subject_type end)`

/**
 * Each kind's newest rows below $1, in the order in which they were written (the primary keys), so that a page costs
 * the same however long the history is. Parameters: cursor, subject, actor, after, before, limit.
 */
const sources: Record<EventKind, string> = {
  deployment: `
    select h.id::text, h.changed_at as at, 'deployment' as subject_type, d.id::text as subject_id, d.name as subject_name,
      h.new_status as status, '' as action, h.reason as detail, h.changed_by as actor
    from deployment_status_history h join deployments d on d.id = h.deployment_id
    where ($1::uuid is null or h.id < $1) and ($2::text is null or d.name ilike $2) and ($3::text is null or h.changed_by ilike $3)
      and ($4::timestamptz is null or h.changed_at >= $4) and ($5::timestamptz is null or h.changed_at <= $5)
    order by h.id desc limit $6`,
  replica: `
    select h.id::text, h.changed_at as at, 'deployment' as subject_type, d.id::text as subject_id,
      d.name || '/' || (r.slot + 1) || ' on ' || n.node_id as subject_name, h.new_status as status, '' as action, h.reason as detail,
      h.changed_by as actor
    from replica_status_history h join deployments d on d.id = h.deployment_id
      join deployment_replicas r on r.id = h.replica_id join nodes n on n.id = r.node_id
    where h.old_status <> h.new_status and ($1::bigint is null or h.id < $1)
      and ($2::text is null or d.name ilike $2 or n.node_id ilike $2) and ($3::text is null or h.changed_by ilike $3)
      and ($4::timestamptz is null or h.changed_at >= $4) and ($5::timestamptz is null or h.changed_at <= $5)
    order by h.id desc limit $6`,
  node: `
    select e.id::text, e.at, 'node' as subject_type, n.id::text as subject_id, n.node_id as subject_name, null as status,
      e.kind as action, e.detail, e.actor
    from node_events e join nodes n on n.id = e.node_id
    where ($1::bigint is null or e.id < $1) and ($2::text is null or n.node_id ilike $2) and ($3::text is null or e.actor ilike $3)
      and ($4::timestamptz is null or e.at >= $4) and ($5::timestamptz is null or e.at <= $5)
    order by e.id desc limit $6`,
  person: `
    select a.id::text, a.at, case when a.subject_type in ('deployment', 'node', 'user') then a.subject_type else 'other' end as subject_type,
      case when a.subject_type in ('deployment', 'node') then a.subject_id end as subject_id,
      ${personSubject} as subject_name,
      null as status, a.action, '' as detail, a.before, a.after, a.actor
    from audit_log a
      left join deployments d on a.subject_type = 'deployment' and d.id::text = a.subject_id
      left join nodes n on a.subject_type = 'node' and n.id::text = a.subject_id
      left join users u on a.subject_type = 'user' and u.id::text = a.subject_id
    where ($1::bigint is null or a.id < $1)
      and ($2::text is null or ${personSubject} ilike $2)
      and ($3::text is null or a.actor ilike $3)
      and ($4::timestamptz is null or a.at >= $4) and ($5::timestamptz is null or a.at <= $5)
    order by a.id desc limit $6`,
}

/**
 * What people do to a deployment or a node is in the audit log and, written in the same transaction and so at the same
 * moment, in its history. Where both are asked for, the audit log says it.
 */
const unlessAudited = (history: string): string =>
  `not exists (select 1 from audit_log twin where twin.subject_id = ${history})`
const auditRows: Partial<Record<EventKind, string>> = {
  deployment: unlessAudited('h.deployment_id::text and twin.at = h.changed_at and twin.actor = h.changed_by'),
  node: unlessAudited('e.node_id::text and twin.at = e.at and twin.actor = e.actor'),
}

function sourceOf(kind: EventKind, kinds: readonly EventKind[]): string {
  const auditRow = kinds.includes('person') ? auditRows[kind] : undefined
  return auditRow ? sources[kind].replace('where', `where ${auditRow} and`) : sources[kind]
}

/** A page of events of the given kinds, newest first. One query per kind. */
export async function readEvents(
  store: Store,
  filter: EventFilter,
): Promise<{ events: FleetEvent[]; next: EventCursor | null }> {
  const kinds = eventKinds.filter((kind) => filter.kinds.includes(kind))
  const read = await Promise.all(
    kinds.map(async (kind) => {
      const { rows } = await store.pool.query<EventRow>(sourceOf(kind, kinds), [
        filter.from[kind] ?? null,
        filter.subject ? containing(filter.subject) : null,
        filter.actor ? containing(filter.actor) : null,
        filter.after ?? null,
        filter.before ?? null,
        filter.limit,
      ])
      return [kind, rows.map((row) => eventOf(kind, row))] as const
    }),
  )
  return mergePage(Object.fromEntries(read), { limit: filter.limit, from: filter.from })
}

const eventOf = (kind: EventKind, row: EventRow): FleetEvent => ({
  id: `${kind}:${row.id}`,
  kind,
  at: row.at.toISOString(),
  subject: { type: row.subject_type, id: row.subject_id, name: row.subject_name },
  status:
    kind === 'deployment'
      ? { of: 'deployment', to: row.status as DeploymentStatus }
      : kind === 'replica'
        ? { of: 'replica', to: row.status as ReplicaStatus }
        : null,
  action: row.action,
  detail:
    kind === 'person'
      ? changeText({ before: row.before ?? null, after: row.after ?? null, subject: { name: row.subject_name } })
      : row.detail,
  actor: row.actor,
})
