/** The events for channels, read from records that exist anyway. */
import type { NotificationEvent, NotificationKind } from '@/core/notifications/notification'
import type { Store } from '@/server/db/client'

/** A period without its beginning and with its end. */
interface EventStretch {
  from: Date
  to: Date
  kinds: readonly NotificationKind[]
}

/**
 * A moment up to which no row is missing: all that is dated before it is committed, or never will be. Records are dated
 * to the beginning of their transaction, so it lies before the oldest of those in flight. One that has written nothing
 * for a minute only reads, such as a backup. Dates have whole milliseconds, rounded; two seconds are for a transaction
 * that has begun and that the database does not list yet.
 */
export async function settledMoment(store: Store): Promise<Date> {
  const { rows } = await store.pool.query<{ settled: Date }>(
    `select date_trunc('milliseconds', least(now() - interval '2 seconds', min(xact_start))) - interval '1 millisecond' as settled
     from pg_stat_activity
     where datname = current_database() and usename = current_user and pid <> pg_backend_pid()
       and (backend_xid is not null or xact_start > now() - interval '1 minute')`,
  )
  const settled = rows[0]?.settled
  if (!settled) throw new Error('The database did not say what is in flight')
  return settled
}

/** "Runs again": of the failures and successes before it the last one is a failure. */
const runsAgain = `
  h.new_status = 'running' and 'deployment.recovered' = any($3) and 'failed' = (
    select p.new_status from deployment_status_history p
    where p.deployment_id = h.deployment_id and p.seq < h.seq and p.new_status in ('failed', 'running')
    order by p.seq desc limit 1)`

/** A container that is restarted again and again because of its check is one event. */
const isFirstOfDeployment = `
  not exists (
    select 1 from replica_status_history p where p.deployment_id = h.deployment_id and p.id < h.id and p.health = 'unhealthy'
      and p.changed_at > h.changed_at - interval '15 minutes')`

/** Parameters: after, up to, kinds. `seq`: the order of those of one kind that have the same date. */
const events = `
  select 'deployment:' || h.id as id, case h.new_status when 'failed' then 'deployment.failed' else 'deployment.recovered' end as kind,
    h.changed_at as at, h.seq, 'deployment' as type, d.id as subject, d.name, h.reason as detail
  from deployment_status_history h join deployments d on d.id = h.deployment_id
  where h.changed_at > $1 and h.changed_at <= $2
    and (h.new_status = 'failed' and 'deployment.failed' = any($3) or ${runsAgain})
  union all
  select 'replica:' || h.id, 'deployment.unhealthy', h.changed_at, h.id, 'deployment', d.id, d.name,
    'Replica ' || (r.slot + 1) || ' on ' || n.node_id || ': ' || h.reason
  from replica_status_history h join deployments d on d.id = h.deployment_id
    join deployment_replicas r on r.id = h.replica_id join nodes n on n.id = r.node_id
  where h.changed_at > $1 and h.changed_at <= $2 and h.health = 'unhealthy' and h.new_status = 'running'
    and 'deployment.unhealthy' = any($3) and ${isFirstOfDeployment}
  union all
  select 'node:' || e.id, 'node.' || e.kind, e.at, e.id, 'node', n.id, n.node_id, e.detail
  from node_events e join nodes n on n.id = e.node_id
  where e.at > $1 and e.at <= $2 and e.kind in ('offline', 'online') and 'node.' || e.kind = any($3)
  union all
  select 'storm:' || b.id || ':began', 'storm.began', b.began_at, b.id, 'region', null, b.region,
    case b.cause when 'fleet' then 'Most of the fleet went offline' else 'Most of its nodes went offline' end
      || '; nothing of it is moved until nodes return'
  from outage_protections b where b.began_at > $1 and b.began_at <= $2 and 'storm.began' = any($3)
  union all
  select 'storm:' || b.id || ':ended', 'storm.ended', b.ended_at, b.id, 'region', null, b.region, ''
  from outage_protections b where b.ended_at > $1 and b.ended_at <= $2 and 'storm.ended' = any($3)
  union all
  select 'work:' || e.id, 'work.stuck', e.finished_at, 0, 'deployment', d.id, d.name, coalesce(e.error, '')
  from evaluations e join deployments d on d.id = e.deployment_id
  where e.status = 'dead' and e.finished_at > $1 and e.finished_at <= $2 and 'work.stuck' = any($3)`

interface EventRow {
  id: string
  kind: NotificationKind
  at: Date
  type: NotificationEvent['subject']['type']
  subject: string | null
  name: string
  detail: string
  total: number
}

/** The newest `limit` events in the order of time, and the number of all. */
export async function readEvents(
  store: Store,
  { from, to, kinds }: EventStretch,
  limit: number,
): Promise<{ events: NotificationEvent[]; total: number }> {
  if (from >= to || kinds.length === 0) return { events: [], total: 0 }
  const { rows } = await store.pool.query<EventRow>(
    `select e.*, count(*) over ()::int as total from (${events}) e order by at desc, seq desc, id desc limit $4`,
    [from, to, kinds, limit],
  )
  return {
    total: rows[0]?.total ?? 0,
    events: rows.reverse().map(({ id, kind, at, type, subject, name, detail }) => ({
      id,
      kind,
      at: at.toISOString(),
      subject: { type, id: subject, name },
      detail,
    })),
  }
}
