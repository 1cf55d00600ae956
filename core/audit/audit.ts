/** What people and programs did, as the audit log keeps it. */

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
  'storm.overrule',
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
  /** Name of the API token with which it was done; null for whoever had signed in. */
  apiToken: string | null
  /** Network address, when known. */
  address: string | null
  action: AuditAction
  subject: { type: AuditSubject; id: string; name: string }
  before: Record<string, unknown> | null
  after: Record<string, unknown> | null
}

/** Where a page of the log begins: after the entry of that moment and id. As text in addresses: "1764264000000-42". */
export interface AuditCursor {
  atMs: number
  id: string
}

export const auditCursorText = ({ atMs, id }: AuditCursor): string => `${atMs}-${id}`

/** The cursor that a text stands for; null when it is none. */
export function parseAuditCursor(text: string): AuditCursor | null {
  const [, at, id] = /^(\d{1,15})-(\d{1,18})$/.exec(text) ?? []
  return at === undefined || id === undefined ? null : { atMs: Number(at), id }
}

export interface Difference {
  /** "role", or "policy.weights.cpu" of what is nested */
  field: string
  /** null: it was, or is, not there */
  before: string | null
  after: string | null
}

/** Field by field, what was changed, made or taken away; what stayed the same is left out. */
export function differences({ before, after }: Pick<AuditEntry, 'before' | 'after'>): Difference[] {
  const { changes, ...rest } = after ?? {}
  const reported = changesOf(changes)
  const [old, now] = [new Map(valuesOf(before)), new Map(valuesOf(reported ? rest : after))]
  const found = [...new Set([...old.keys(), ...now.keys()])]
    .map((field) => ({ field, before: old.get(field) ?? null, after: now.get(field) ?? null }))
    .filter((difference) => difference.before !== difference.after)
  return [...found, ...(reported ?? [])]
}

/** What an update of a deployment changed is written down in words already. Null when it is something else. */
function changesOf(value: unknown): Difference[] | null {
  if (!Array.isArray(value) || !value.every(isSpecChange)) return null
  return value.map(({ what, from, to }) => ({ field: what, before: from, after: to }))
}

const isSpecChange = (value: unknown): value is SpecChange =>
  typeof value === 'object' && value !== null && ['what', 'from', 'to'].every((key) => key in value)

/** Every value with the path to it; lists of plain values are one value. */
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
