import { Pencil } from 'lucide-react'
import { Button, ButtonLink } from '@/app/ui/button'
import type { DeploymentDetail } from '@/core/views/deployments'

/** Links to the update form; a blocked button with the reason for roles that may not update. */
export function UpdateLink({ deployment: { id, blocked } }: { deployment: DeploymentDetail }) {
  const icon = <Pencil size={14} aria-hidden />
  if (blocked.update)
    return (
      <Button icon={icon} blocked={blocked.update}>
        Update
      </Button>
    )
  return (
    <ButtonLink href={`/deployments/${id}/update`} icon={icon}>
      Update
    </ButtonLink>
  )
}
