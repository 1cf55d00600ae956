/** Ordered from the most to the fewest permissions. */
export const roles = ['admin', 'operator', 'viewer'] as const
export type Role = (typeof roles)[number]

export const lesserRole = (one: Role, other: Role): Role => (roles.indexOf(one) > roles.indexOf(other) ? one : other)

/** The roles that have each permission. The pages' matrix and the guards of the procedures derive from this table. */
export const permissions = {
  'deployments.read': ['admin', 'operator', 'viewer'],
  'deployments.create': ['admin', 'operator'],
  'deployments.changeOwn': ['admin', 'operator'],
  'deployments.changeAny': ['admin'],
  'nodes.read': ['admin', 'operator', 'viewer'],
  'nodes.cordon': ['admin', 'operator'],
  'nodes.drain': ['admin', 'operator'],
  'protection.override': ['admin', 'operator'],
  'nodes.manage': ['admin'],
  'users.manage': ['admin'],
  'tokens.manage': ['admin'],
  'settings.manage': ['admin'],
  'notifications.manage': ['admin'],
  'audit.read': ['admin'],
} as const satisfies Record<string, readonly Role[]>
export type Permission = keyof typeof permissions

export const may = (role: Role, permission: Permission): boolean =>
  (permissions[permission] as readonly Role[]).includes(role)
