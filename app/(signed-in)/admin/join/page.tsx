import type { Metadata } from 'next'
import { JoinPage } from '@/app/features/join/join-page'
import { Forbidden } from '../../../shell/forbidden'
import { signedInWith } from '../../../shell/signed-in'

export const metadata: Metadata = { title: 'Join a node' }

export default async function Page() {
  if (!(await signedInWith('tokens.manage', '/admin/join'))) return <Forbidden permission="tokens.manage" />
  return <JoinPage />
}
