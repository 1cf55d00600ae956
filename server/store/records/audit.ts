import type { Role } from '@/core/accounts/roles'
import type { AuditAction, AuditSubject } from '@/core/audit/audit'
import type { Tx } from '@/server/db/client'

/** Who did it, as the records name them. */
export interface Author {
  name: string
  /** Network address, when known. */
  address: string | null
  /** The API token that the call came with; null for people and programs that signed in with a password. */
  apiTokenId: string | null
}

export const systemAuthor: Author = { name: 'system', address: null, apiTokenId: null }

interface AuditRecord {
  action: AuditAction
  subjectType: AuditSubject
  subjectId: string
  before?: Record<string, unknown>
  after?: Record<string, unknown>
}

/** Writes one audit entry in the caller's transaction. Never pass secrets. */
export async function audit(tx: Pick<Tx, 'query'>, author: Author, record: AuditRecord): Promise<void> {
  await tx.query(
    `insert into audit_log (actor, action, subject_type, subject_id, before, after, address, api_token_id)
     values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      author.name,
      record.action,
      record.subjectType,
      record.subjectId,
      record.before ? JSON.stringify(record.before) : null,
      record.after ? JSON.stringify(record.after) : null,
      author.address,
      author.apiTokenId,
    ],
  )
}

/** Who asks, as far as rights and records go. */
export interface Actor extends Author {
  id: string
  role: Role
  /** The session that the call came with; null for API tokens. */
  sessionId: string | null
}
