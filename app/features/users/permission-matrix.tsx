import { cn } from '@/app/ui/cn'
import { StatusIcon } from '@/app/ui/status/status-icon'
import { may, type Permission, permissions, roles } from '@/core/accounts/roles'

/** A label for each permission; a new permission does not compile until it has one here. */
const permissionLabels: Record<Permission, string> = {
  'deployments.read': 'See deployments, decisions and timelines',
  'deployments.create': 'Deploy',
  'deployments.changeOwn': 'Scale, update, retry and delete own deployments',
  'deployments.changeAny': "Scale, update, retry and delete everybody's deployments",
  'nodes.read': 'See nodes',
  'nodes.cordon': 'Cordon and uncordon nodes',
  'nodes.drain': 'Drain nodes and put them into maintenance',
  'protection.override': 'Override the outage protection of a region',
  'nodes.manage': 'Remove nodes',
  'users.manage': 'Manage users',
  'tokens.manage': "Create and revoke join tokens; see and revoke everybody's API tokens",
  'settings.manage': 'Change how nodes are scored',
  'notifications.manage': 'Choose where notifications are sent',
  'audit.read': 'Read the audit log',
}

const cell = 'px-2 first:pl-0'

export function PermissionMatrix() {
  return (
    <table className="w-full max-w-3xl border-collapse">
      <caption className="sr-only">Permissions of each role</caption>
      <thead>
        <tr className="h-8 border-b border-line text-left text-meta text-ink-3">
          <th scope="col" className={cn(cell, 'font-medium')}>
            Permission
          </th>
          {roles.map((role) => (
            <th key={role} scope="col" className={cn(cell, 'w-16 text-center font-medium sm:w-24')}>
              {role}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {(Object.keys(permissions) as Permission[]).map((permission) => (
          <tr key={permission} className="h-(--row) border-b border-line">
            <th scope="row" className={cn(cell, 'py-1 text-left font-normal')}>
              {permissionLabels[permission]}
            </th>
            {roles.map((role) => (
              <td key={role} className={cn(cell, 'text-center')}>
                {may(role, permission) ? (
                  <>
                    <StatusIcon name="running" className="inline text-ink-2" />
                    <span className="sr-only">yes</span>
                  </>
                ) : (
                  <>
                    <StatusIcon name="none" className="inline text-ink-3" />
                    <span className="sr-only">no</span>
                  </>
                )}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}
