import { headers } from 'next/headers'
import { connection } from 'next/server'
import type { Role } from '@/core/accounts/roles'
import { accountOfPage } from './api/http/request-context'
import { nonceHeader } from './lib/inside-headers'
import { getServices } from './wiring'

/** The signed-in user of the page that is being rendered, or null. */
export async function currentUser(): Promise<{ id: string; username: string; role: Role } | null> {
  // Pages are made for a request, never while building, when there is no database.
  await connection()
  const account = await accountOfPage(getServices())
  return account && { id: account.id, username: account.username, role: account.role }
}

/** What the browser knows the scripts of this page by; other scripts don't run. */
export const pageNonce = async (): Promise<string> => (await headers()).get(nonceHeader) ?? ''
