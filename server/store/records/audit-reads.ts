import type { AuditAction, AuditCursor, AuditEntry, AuditSubject } from '@/core/audit/audit'
import type { Store } from '@/server/db/client'
import { containing } from '@/server/db/like'

export interface AuditFilter {
  /** Part of the actor's name. */
  actor?: string | undefined
  action?: AuditAction | undefined
  /** Part of the target's name, or its whole id. */
  subject?: string | undefined
  after?: Date | undefined
  before?: Date | undefined
}

/**
 * The newest entries after `from`, `limit` at most. They are walked along the index on times, so that a page costs the
 * same however far back it is; only a rare person, action or subject is searched for.
 */
export async function readAudit(
  store: Store,
  filter: AuditFilter,
  { from, limit }: { from: AuditCursor | null; limit: number },
): Promise<AuditEntry[]> {
  const { rows } = await store.pool.query<{
    id: string
    at: Date
    actor: string
    api_token: string | null
    address: string | null
    action: AuditAction
    subject_type: AuditEntry['subject']['type']
    subject_id: string
    subject_name: string
    before: AuditEntry['before']
    after: AuditEntry['after']
  }>(auditSql, [
    filter.actor ? containing(filter.actor) : null,
    filter.action ?? null,
    filter.subject ? containing(filter.subject) : null,
    filter.subject ?? null,
    filter.after ?? null,
    filter.before ?? null,
    from && new Date(from.atMs),
    from?.id ?? null,
    limit,
  ])
  return rows.map((row) => ({
    id: row.id,
    at: row.at.toISOString(),
    actor: row.actor,
    apiToken: row.api_token,
    address: row.address,
    action: row.action,
    subject: { type: row.subject_type, id: row.subject_id, name: row.subject_name },
    before: row.before,
    after: row.after,
  }))
}

const named = (type: AuditSubject, column: string, table: string): string =>
  `when '${type}' then (select ${column} from ${table} where id = a.subject_id::uuid)`

/** The current name of the target; if it is gone, its name at that time. */
const subjectName = `coalesce(
  case a.subject_type ${named('deployment', 'name', 'deployments')} ${named('node', 'node_id', 'nodes')}
    ${named('user', 'username', 'users')} ${named('join-token', 'name', 'join_tokens')} ${named('api-token', 'name', 'api_tokens')}
    ${named('notification-channel', 'name', 'notification_channels')}
  end, a.after->>'name', a.before->>'name', a.subject_id)`

export const auditSql = `
  select a.id::text, a.at, a.actor, a.address, (select name from api_tokens where id = a.api_token_id) as api_token, a.action, a.subject_type, a.subject_id, ${subjectName} as subject_name, a.before, a.after
  from audit_log a
  where ($1::text is null or a.actor ilike $1) and ($2::text is null or a.action = $2)
    and ($3::text is null or ${subjectName} ilike $3 or a.subject_id = $4)
    and ($5::timestamptz is null or a.at >= $5) and ($6::timestamptz is null or a.at <= $6)
    and ($7::timestamptz is null or (a.at, a.id) < ($7, $8::bigint))
  order by a.at desc, a.id desc limit $9`
