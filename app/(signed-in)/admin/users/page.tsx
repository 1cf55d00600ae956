import type { Metadata } from 'next'
import { Forbidden } from '@/app/features/session/forbidden'
import { type SearchParams, signedInWith } from '@/app/features/session/signed-in'
import { UsersPage } from '@/app/features/users/users-page'

export const metadata: Metadata = { title: 'Users' }

export default async function Page({ searchParams }: { searchParams: SearchParams }) {
  if (!(await signedInWith('users.manage', '/admin/users', searchParams)))
    return <Forbidden permission="users.manage" />
  return <UsersPage />
}
