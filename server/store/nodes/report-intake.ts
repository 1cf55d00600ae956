/**
 * Up to when the control plane has recorded what agents sent. A server that is stopped, slow or cut off from the database
 * records nothing, and then nobody can say that an agent was offline: all deadlines of agents count by this table.
 */
import type { IntakeState } from '@/core/agents/intake-state'
import type { Store } from '@/server/db/client'
import { announce } from '@/server/db/notify'
import { heartbeatLimit } from './heartbeat-limits'

/** Null if one of the columns is null, which least() would skip. */
const recorded = (...columns: string[]) =>
  `(select case when ${columns.map((column) => `${column} is not null`).join(' and ')}
    then least(now(), ${columns.join(', ')}) end from report_intake where id = 1)`

/** Every heartbeat that reached a server before this time is recorded. Null until a server has taken one. */
export const heartbeatsUntil = recorded('heartbeats_until')

/** Every heartbeat and report that reached a server before this time is recorded. */
export const reportsUntil = recorded('heartbeats_until', 'reports_until')

/** The time between two moments in which agents could report: without the gaps in which no server took reports. */
export const seenTime = (from: string, until: string): string => `(
  ${until} - ${from} - (select coalesce(sum(least(g.ended_at, ${until}) - greatest(g.began_at, ${from})), interval '0')
    from report_intake_gaps g where g.ended_at > ${from} and g.began_at < ${until}))`

/** After a long gap each agent has a full limit again, unless it could report for so many limits before. */
const limitsInAll = 4

/** How long a node must send nothing to be offline, as SQL of type interval. */
export const offlineLimit = `(
  select case when resumed_at > least(now(), heartbeats_until) - ${heartbeatLimit} then ${limitsInAll} * ${heartbeatLimit}
    else ${heartbeatLimit} end from report_intake where id = 1)`

/** The longest time between two marks that is no gap. Short limits need short gaps. SQL of type interval. */
const longestBetweenMarks = `greatest(least(interval '3 seconds', ${heartbeatLimit} / 3), interval '1500 milliseconds')`

/** How long gaps are kept; no outage that matters is older. */
const keptDays = 30

interface IntakeMark {
  /** Everything that reached this server before this time is recorded; by the clock of the database. */
  heartbeatsUntil: Date
  /** Null until a report could be recorded. */
  reportsUntil: Date | null
  /** The time since which this server has taken heartbeats without a break. */
  unbrokenSince: Date
}

/** The time of the database. */
export async function databaseTime(store: Store): Promise<Date> {
  const { rows } = await store.pool.query<{ now: Date }>('select clock_timestamp() as now')
  if (!rows[0]) throw new Error('The database does not say its time')
  return rows[0].now
}

/**
 * Moves the marks on, and records a gap when no server took heartbeats for too long before. Hands back how long the gap
 * was, 0 when there was none, and the time of the database.
 */
export async function markIntake(store: Store, mark: IntakeMark): Promise<{ gapSeconds: number; now: Date }> {
  const { rows } = await store.pool.query<{ gap_seconds: number; now: Date }>({
    name: 'mark-intake',
    text: `
      with before as (
        -- A mark in the future dates from before the clock was set back.
        select case when heartbeats_until <= clock_timestamp() then heartbeats_until end as heartbeats,
          case when reports_until <= clock_timestamp() then reports_until end as reports
        from report_intake where id = 1 for no key update
      ), gap as (
        insert into report_intake_gaps (began_at, ended_at)
        select heartbeats, least($1, $3::timestamptz(3)) from before
        where least($1, $3::timestamptz(3)) - heartbeats > ${longestBetweenMarks}
        returning began_at, ended_at
      ), forgotten as (
        delete from report_intake_gaps where ended_at < now() - interval '${keptDays} days' and exists (select 1 from gap)
      )
      update report_intake i set heartbeats_until = greatest(before.heartbeats, $1::timestamptz(3)),
        reports_until = greatest(before.reports, $2::timestamptz(3)),
        resumed_at = case when exists (select 1 from gap where ended_at - began_at >= ${heartbeatLimit} / 2) then $1::timestamptz(3) else i.resumed_at end
      from before where i.id = 1
      returning coalesce((select extract(epoch from ended_at - began_at)::float8 from gap), 0) as gap_seconds, clock_timestamp() as now`,
    values: [mark.heartbeatsUntil, mark.reportsUntil, mark.unbrokenSince],
  })
  const [row] = rows
  if (!row) throw new Error('The row of report_intake is missing: the database is not migrated')
  return { gapSeconds: row.gap_seconds, now: row.now }
}

export async function intakeState(store: Store): Promise<IntakeState> {
  const { rows } = await store.pool.query<{
    heartbeat_delay: number | null
    report_delay: number | null
    seconds: number | null
    ended_at: Date
    judged_from: Date
  }>(
    `select extract(epoch from now() - least(now(), heartbeats_until))::float8 as heartbeat_delay,
       extract(epoch from now() - least(now(), reports_until))::float8 as report_delay,
       extract(epoch from g.ended_at - g.began_at)::float8 as seconds, g.ended_at, i.resumed_at + ${heartbeatLimit} as judged_from
     from report_intake i left join lateral (
       select began_at, ended_at from report_intake_gaps
       where i.resumed_at + ${heartbeatLimit} > now() and ended_at <= i.resumed_at order by ended_at desc limit 1
     ) g on true where i.id = 1`,
  )
  const [row] = rows
  return {
    heartbeatDelaySeconds: row?.heartbeat_delay ?? null,
    reportDelaySeconds: row?.report_delay ?? null,
    gap: row?.seconds == null ? null : { seconds: row.seconds, endedAt: row.ended_at, judgedFrom: row.judged_from },
  }
}

/** Every process that shows whether the control plane is behind looks again. */
export const announceIntake = (store: Store): Promise<void> => announce(store.pool, [{ topic: 'scheduler', ids: [] }])
