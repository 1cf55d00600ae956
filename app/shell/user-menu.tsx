'use client'

import { ChevronsUpDown } from 'lucide-react'
import { lazy, Suspense, useState } from 'react'
import { useMe } from '@/app/features/session/me'
import { userMenuStyle } from '@/app/shell/user-menu-look'

const OpenUserMenu = lazy(() => import('./open-user-menu'))

/** The menu with account, theme and sign-out. */
export function UserMenu() {
  const me = useMe()
  const [wanted, setDesired] = useState(false)
  /** `note` replaces the role while there is something more important to say. */
  const face = (note: string | null) => (
    <>
      <span className="min-w-0 flex-1">
        <span className="block truncate font-medium">{me.username}</span>
        <span className="block text-meta text-ink-3">{note ?? me.role}</span>
      </span>
      <ChevronsUpDown size={14} aria-hidden className="text-ink-3" />
    </>
  )
  const closed = (
    <button
      type="button"
      aria-haspopup="menu"
      aria-expanded={false}
      onClick={() => setDesired(true)}
      className={userMenuStyle}
    >
      {face(null)}
    </button>
  )
  if (!wanted) return closed
  return (
    <Suspense fallback={closed}>
      <OpenUserMenu face={face} />
    </Suspense>
  )
}
