import type { AuditEntry, AuditSubject } from '@/core/audit/audit'

const pages: Record<AuditSubject, (id: string) => string | null> = {
  deployment: (id) => `/deployments/${id}`,
  node: (id) => `/nodes/${id}`,
  region: () => null,
  user: () => '/admin/users',
  'join-token': () => '/admin/join',
  'api-token': () => '/admin/tokens',
  setting: () => '/admin/settings',
  'notification-channel': () => '/admin/notifications',
  call: () => null,
}

/** The page of the target as it is now. */
export const pageOf = ({ type, id }: AuditEntry['subject']): string | null => pages[type]?.(id) ?? null
