import type { Role } from '@/core/accounts/roles'
import type { AuditAction, AuditSubject } from '@/core/audit/audit'
import type { Tx } from '@/server/db/client'

/** The actor, as records name it. */
export interface Author {
  name: string
  /** The network address, if known. */
  address: string | null
  /** The API token of the call; null for people and programs that signed in with a password. */
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

/** The caller, as far as rights and records are concerned. */
export interface Actor extends Author {
  id: string
  role: Role
  /** The session of the call; null for API tokens. */
  sessionId: string | null
}
