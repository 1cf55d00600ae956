'use client'

import { useQuery } from '@tanstack/react-query'
import { createContext, type ReactNode, useContext } from 'react'
import { useTRPC } from '@/app/trpc'
import { may, type Permission, permissions, type Role } from '@/core/accounts/roles'

export interface Me {
  id: string
  username: string
  role: Role
}

const MeContext = createContext<Me | null>(null)

const allowed = (role: Role): Permission[] =>
  (Object.keys(permissions) as Permission[]).filter((permission) => may(role, permission))

/** Starts with the user from the server; a changed role is noticed while the page is open. */
export function MeProvider({ me, children }: { me: Me; children: ReactNode }) {
  const trpc = useTRPC()
  const { data } = useQuery({
    ...trpc.me.get.queryOptions(),
    initialData: { ...me, permissions: allowed(me.role) },
  })
  return <MeContext value={data}>{children}</MeContext>
}

/** The signed-in user, inside the signed-in area. */
export function useMe(): Me {
  const me = useContext(MeContext)
  if (!me) throw new Error('useMe is for pages of the signed-in area')
  return me
}

/** Null when the user may do this, else the sentence that says why not. */
export function useBlocked(permission: Permission, what: string): string | null {
  const { role } = useMe()
  if (may(role, permission)) return null
  return `Your role, ${role}, may not ${what}. Ask an administrator.`
}
