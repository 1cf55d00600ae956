import { redirect } from 'next/navigation'
import { may, type Permission } from '@/core/accounts/roles'
import { currentUser } from '@/server/session'
import type { Me } from './me'

export type SearchParams = Promise<Record<string, string | string[] | undefined>>

/**
 * The user of this request; without a session, redirects to the login page, which leads back here. Each page calls this
 * itself, because a layout does not know the address and does not run again on navigation.
 */
export async function signedIn(path: string, searchParams?: SearchParams): Promise<Me> {
  const user = await currentUser()
  if (user) return user
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries((await searchParams) ?? {})) {
    for (const each of Array.isArray(value) ? value : [value]) if (each !== undefined) query.append(name, each)
  }
  const next = query.size > 0 ? `${path}?${query}` : path
  redirect(`/login?${new URLSearchParams({ next })}`)
}

export async function signedInWith(
  permission: Permission,
  path: string,
  searchParams?: SearchParams,
): Promise<boolean> {
  return may((await signedIn(path, searchParams)).role, permission)
}
