import type { Metadata } from 'next'
import { UsersPage } from '@/app/features/users/users-page'
import { Forbidden } from '../../../shell/forbidden'
import { type SearchParams, signedInWith } from '../../../shell/signed-in'

export const metadata: Metadata = { title: 'Users' }

export default async function Page({ searchParams }: { searchParams: SearchParams }) {
  if (!(await signedInWith('users.manage', '/admin/users', searchParams)))
    return <Forbidden permission="users.manage" />
  return <UsersPage />
}
