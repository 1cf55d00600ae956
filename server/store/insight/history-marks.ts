/** The timeline markers of the history: the scrubber draws them and stops at them. */
import { textOf } from '@/core/audit/labels'
import type { HistoryBounds, HistoryMark, HistoryMarks, MarkKind, NearMoments } from '@/core/insight/history'
import type { Store } from '@/server/db/client'

/** A period, of everything or of one deployment. */
interface Stretch {
  from: Date
  to: Date
  deploymentId?: string | undefined
}

/** A table in which changes are recorded, and whether a row is trouble, as SQL over `h`. */
interface Source {
  table: string
  time: string
  problem: string
  condition: string
  /** Null if it has nothing about a single deployment. */
  ofDeployment: string | null
}

/** The container ended, or somebody paused it; the agent starts it again. */
const interrupted = `old_status = 'running' and new_status = 'starting'`

const sources: Source[] = [
  {
    table: 'replica_status_history',
    time: 'changed_at',
    problem: `new_status in ('failed', 'lost') or ${interrupted}`,
    condition: 'old_status <> new_status',
    ofDeployment: 'deployment_id = $3::uuid',
  },
  {
    table: 'deployment_status_history',
    time: 'changed_at',
    problem: `new_status = 'failed'`,
    condition: 'true',
    ofDeployment: 'deployment_id = $3::uuid',
  },
  { table: 'node_events', time: 'at', problem: `kind = 'offline'`, condition: 'true', ofDeployment: null },
  {
    table: 'audit_log',
    time: 'at',
    problem: 'false',
    condition: `subject_type in ('deployment', 'node', 'region')`,
    ofDeployment: 'subject_id = $3::uuid::text',
  },
]

/** The rows of each source, of one deployment if one is given; the caller adds the rest of each query. */
const eachSource = (deploymentId: string | undefined, query: (source: Source, condition: string) => string): string =>
  sources
    .flatMap((source) => {
      if (deploymentId === undefined) return [query(source, source.condition)]
      return source.ofDeployment === null ? [] : [query(source, `${source.condition} and ${source.ofDeployment}`)]
    })
    .join(' union all ')

const idOf = ({ deploymentId }: { deploymentId?: string | undefined }): string[] =>
  deploymentId === undefined ? [] : [deploymentId]

/** How much happened in each of so many equal parts of the time, counted by the database. */
async function density(
  store: Store,
  stretch: Stretch,
  parts: number,
): Promise<{ changes: number[]; problems: number[] }> {
  const rows = eachSource(
    stretch.deploymentId,
    ({ table, time, problem }, condition) =>
      `select ${time} as at, ${problem} as problem from ${table} where ${time} between $1 and $2 and ${condition}`,
  )
  const widthSeconds = Math.max(1, stretch.to.getTime() - stretch.from.getTime()) / 1000 / parts
  const counted = await store.pool.query<{ part: number; changes: number; problems: number }>(
    `select least(floor(extract(epoch from at - $1::timestamptz) / ${widthSeconds}), ${parts - 1})::int as part, count(*)::int as changes,
       count(*) filter (where problem)::int as problems
     from (${rows}) h group by 1`,
    [stretch.from, stretch.to, ...idOf(stretch)],
  )
  const changes = new Array<number>(parts).fill(0)
  const problems = new Array<number>(parts).fill(0)
  for (const row of counted.rows) {
    changes[row.part] = row.changes
    problems[row.part] = row.problems
  }
  return { changes, problems }
}

const mostMarks = 200

/** Each kind of mark: the newest ones between $1 and $2. */
const markSources = (one: boolean): string[] => {
  const ofDeployment = one ? 'and h.deployment_id = $3::uuid' : ''
  const ofSubject = one ? 'and h.subject_id = $3::uuid::text' : ''
  const ofReplicas = `
    select case when h.new_status in ('failed', 'lost') then 'failed' when h.new_status = 'running' then 'unhealthy' else 'interrupted' end as kind,
      h.changed_at as at, 'deployment' as type, d.id::text, d.name || '/' || (r.slot + 1) as name,
      n.node_id || ': ' || h.reason as text, null as actor
    from replica_status_history h join deployments d on d.id = h.deployment_id
      join deployment_replicas r on r.id = h.replica_id join nodes n on n.id = r.node_id
    where h.changed_at between $1 and $2 and (h.new_status in ('failed', 'lost') and h.old_status <> h.new_status
      or ${interrupted}
      or h.health = 'unhealthy' and h.new_status = 'running') ${ofDeployment}
    order by h.changed_at desc limit ${mostMarks + 1}`
  const ofDeployments = `
    select 'failed', h.changed_at, 'deployment', d.id::text, d.name, h.reason, null
    from deployment_status_history h join deployments d on d.id = h.deployment_id
    where h.changed_at between $1 and $2 and h.new_status = 'failed' ${ofDeployment}
    order by h.changed_at desc limit ${mostMarks + 1}`
  const ofPeople = `
    select case when h.action = 'deployment.create' then 'deploy' else 'person' end, h.at, h.subject_type, h.subject_id,
      coalesce(d.name, n.node_id, ''), h.action, h.actor
    from audit_log h
      left join deployments d on h.subject_type = 'deployment' and d.id::text = h.subject_id
      left join nodes n on h.subject_type = 'node' and n.id::text = h.subject_id
    where h.at between $1 and $2 and h.subject_type in ('deployment', 'node') ${ofSubject}
    order by h.at desc limit ${mostMarks + 1}`
  const ofNodes = `
    select case h.kind when 'offline' then 'offline' else 'returned' end, h.at, 'node', n.id::text, n.node_id, h.detail, null
    from node_events h join nodes n on n.id = h.node_id
    where h.at between $1 and $2 and h.kind in ('offline', 'online')
    order by h.at desc limit ${mostMarks + 1}`
  return one ? [ofReplicas, ofDeployments, ofPeople] : [ofReplicas, ofDeployments, ofPeople, ofNodes]
}

interface MarkRow {
  kind: MarkKind
  at: Date
  type: HistoryMark['subject']['type']
  id: string
  name: string
  text: string
  /** Actions of users; `text` is the action. */
  actor: string | null
}

/**
 * Failures, nodes that went offline or returned, deploys and actions of users, by time; only the newest if there are
 * many.
 */
async function marksIn(store: Store, stretch: Stretch): Promise<{ marks: HistoryMark[]; more: boolean }> {
  const { rows } = await store.pool.query<MarkRow>(
    `${markSources(stretch.deploymentId !== undefined)
      .map((source) => `(${source})`)
      .join(' union all ')} order by at desc limit ${mostMarks + 1}`,
    [stretch.from, stretch.to, ...idOf(stretch)],
  )
  const marks = rows.slice(0, mostMarks).map(
    ({ kind, at, type, id, name, text, actor }): HistoryMark => ({
      kind,
      at: at.toISOString(),
      subject: { type, id, name },
      text: actor === null ? text : `${actor}: ${textOf(text)}`,
    }),
  )
  return { marks: marks.reverse(), more: rows.length > mostMarks }
}

export async function readMarks(store: Store, stretch: Stretch, parts: number): Promise<HistoryMarks> {
  const [counted, marked] = await Promise.all([density(store, stretch, parts), marksIn(store, stretch)])
  return { from: stretch.from.toISOString(), to: stretch.to.toISOString(), ...counted, ...marked }
}

/** The times of change next to a given time, at most this many on each side. */
export async function momentsNear(
  store: Store,
  { at, deploymentId, limit }: { at: Date; deploymentId?: string | undefined; limit: number },
): Promise<NearMoments> {
  const moments = async (beyond: '<' | '>', order: 'asc' | 'desc'): Promise<string[]> => {
    const rows = eachSource(
      deploymentId,
      ({ table, time }, condition) =>
        `(select distinct ${time} as at from ${table} where ${time} ${beyond} $1 and ${condition} order by 1 ${order} limit $2)`,
    )
    const found = await store.pool.query<{ at: Date }>(
      `select distinct at from (${rows}) h order by at ${order} limit $2`,
      [at, limit, ...idOf({ deploymentId })],
    )
    return found.rows.map((row) => row.at.toISOString())
  }
  const [before, after] = await Promise.all([moments('<', 'desc'), moments('>', 'asc')])
  return { at: at.toISOString(), before: before.reverse(), after }
}

/** The oldest time of the history; `now` if nothing has happened yet. */
export async function readBounds(store: Store, now: Date): Promise<HistoryBounds> {
  const { rows } = await store.pool.query<{ first: Date | null; usage: Date | null }>(
    `select least((select min(created_at) from nodes), (select min(created_at) from deployments)) as first,
       (select min(at) from fleet_journal) as usage`,
  )
  return {
    from: (rows[0]?.first ?? now).toISOString(),
    usageFrom: rows[0]?.usage?.toISOString() ?? null,
  }
}
