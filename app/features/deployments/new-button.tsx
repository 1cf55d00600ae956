'use client'

import { Plus } from 'lucide-react'
import { useBlocked } from '@/app/features/session/me'
import { Button, ButtonLink } from '@/app/ui/button'

/** Links to the deploy form; blocked, with the reason, for roles that may not deploy. */
export function NewButton() {
  const blocked = useBlocked('deployments.create', 'create deployments')
  const icon = <Plus size={14} aria-hidden />
  if (blocked)
    return (
      <Button variant="primary" icon={icon} blocked={blocked}>
        New deployment
      </Button>
    )
  return (
    <ButtonLink href="/deployments/new" variant="primary" icon={icon}>
      New deployment
    </ButtonLink>
  )
}
