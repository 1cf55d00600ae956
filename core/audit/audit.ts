/** Entries of the audit log. */

import type { SpecChange } from '@/core/deployments/revision'

const auditSubjects = [
  'deployment',
  'node',
  'region',
  'user',
  'join-token',
  'api-token',
  'setting',
  'notification-channel',
  'call',
] as const
export type AuditSubject = (typeof auditSubjects)[number]

export const auditActions = [
  'deployment.create',
  'deployment.update',
  'deployment.scale',
  'deployment.rollback',
  'deployment.redeploy',
  'deployment.retry',
  'deployment.stop',
  'deployment.start',
  'deployment.restart',
  'deployment.delete',
  'evaluation.try-now',
  'node.cordon',
  'node.uncordon',
  'node.drain',
  'node.undrain',
  'node.maintenance',
  'node.end-maintenance',
  'node.move',
  'node.remove',
  'outage-protection.override',
  'user.create',
  'user.role',
  'user.password',
  'user.disable',
  'user.enable',
  'user.end-sessions',
  'session.sign-in',
  'session.sign-out',
  'session.end',
  'sign-in.wrong',
  'sign-in.locked',
  'sign-in.refused',
  'call.refused',
  'join-token.create',
  'join-token.revoke',
  'api-token.create',
  'api-token.revoke',
  'setting.change',
  'notification-channel.create',
  'notification-channel.update',
  'notification-channel.pause',
  'notification-channel.resume',
  'notification-channel.test',
  'notification-channel.delete',
] as const
export type AuditAction = (typeof auditActions)[number]

export interface AuditEntry {
  id: string
  /** ISO 8601 */
  at: string
  actor: string
  /** Name of the API token that was used; null for a signed-in user. */
  apiToken: string | null
  /** Network address, when known. */
  address: string | null
  action: AuditAction
  subject: { type: AuditSubject; id: string; name: string }
  before: Record<string, unknown> | null
  after: Record<string, unknown> | null
}

/** A page of the log begins after the entry with this time and id. In URLs: "1764264000000-42". */
export interface AuditCursor {
  atMs: number
  id: string
}

export const auditCursorText = ({ atMs, id }: AuditCursor): string => `${atMs}-${id}`

/** Parses a cursor; null when the text is not one. */
export function parseAuditCursor(text: string): AuditCursor | null {
  const [, at, id] = /^(\d{1,15})-(\d{1,18})$/.exec(text) ?? []
  return at === undefined || id === undefined ? null : { atMs: Number(at), id }
}

export interface Difference {
  /** "role", or "policy.weights.cpu" for a nested field */
  field: string
  /** null: the field did not exist before, or does not exist after */
  before: string | null
  after: string | null
}

/** Returns the fields that were changed, added or removed. */
export function differences({ before, after }: Pick<AuditEntry, 'before' | 'after'>): Difference[] {
  const { changes, ...rest } = after ?? {}
  const reported = changesOf(changes)
  const [old, now] = [new Map(valuesOf(before)), new Map(valuesOf(reported ? rest : after))]
  const found = [...new Set([...old.keys(), ...now.keys()])]
    .map((field) => ({ field, before: old.get(field) ?? null, after: now.get(field) ?? null }))
    .filter((difference) => difference.before !== difference.after)
  return [...found, ...(reported ?? [])]
}

/** Returns the changes of a deployment update, which are recorded as text already; null for any other value. */
function changesOf(value: unknown): Difference[] | null {
  if (!Array.isArray(value) || !value.every(isSpecChange)) return null
  return value.map(({ what, from, to }) => ({ field: what, before: from, after: to }))
}

const isSpecChange = (value: unknown): value is SpecChange =>
  typeof value === 'object' && value !== null && ['what', 'from', 'to'].every((key) => key in value)

/** Returns every value with its path; a list of plain values counts as one value. */
function valuesOf(value: unknown, path = ''): [string, string][] {
  if (typeof value === 'object' && value !== null && !(Array.isArray(value) && value.every(isPlain)))
    return Object.entries(value).flatMap(([name, inner]) => valuesOf(inner, path === '' ? name : `${path}.${name}`))
  return path === '' ? [] : [[path, Array.isArray(value) ? value.map(textOf).join(', ') : textOf(value)]]
}

const isPlain = (value: unknown): boolean => typeof value !== 'object' || value === null

const textOf = (value: unknown): string => {
  if (value === null) return 'none'
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  return String(value)
}
