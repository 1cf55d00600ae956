import type { Metadata } from 'next'
import { JoinPage } from '@/app/features/join/join-page'
import { Forbidden } from '@/app/features/session/forbidden'
import { signedInWith } from '@/app/features/session/signed-in'

export const metadata: Metadata = { title: 'Join a node' }

export default async function Page() {
  if (!(await signedInWith('tokens.manage', '/admin/join'))) return <Forbidden permission="tokens.manage" />
  return <JoinPage />
}
