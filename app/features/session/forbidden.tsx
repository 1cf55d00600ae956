import { ButtonLink } from '@/app/ui/button'
import { Empty } from '@/app/ui/status/states'
import { formatList } from '@/app/ui/text/format'
import type { Permission } from '@/core/accounts/roles'
import { permissions } from '@/core/accounts/roles'

/** Shown for pages that the user's role may not open. */
export function Forbidden({ permission }: { permission: Permission }) {
  return (
    <Empty title="You don't have access to this page" action={<ButtonLink href="/deployments">Deployments</ButtonLink>}>
      It requires {formatList(permissions[permission].map((role) => `the role ${role}`))}. Ask an administrator.
    </Empty>
  )
}
