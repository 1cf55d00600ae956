import type { Permission } from '@/server/domain/roles'
import { permissions } from '@/server/domain/roles'
import { ButtonLink } from '../ui/button'
import { formatList } from '../ui/format'
import { Empty } from '../ui/states'

/** For pages that the reader's role does not open. */
export function Forbidden({ permission }: { permission: Permission }) {
  return (
    <Empty title="This page is not for your role" action={<ButtonLink href="/deployments">Deployments</ButtonLink>}>
      It is open to {formatList(permissions[permission].map((role) => `the role ${role}`))}. Ask an administrator.
    </Empty>
  )
}
