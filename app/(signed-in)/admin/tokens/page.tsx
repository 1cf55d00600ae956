import type { Metadata } from 'next'
import { Forbidden } from '@/app/features/session/forbidden'
import { signedInWith } from '@/app/features/session/signed-in'
import { TokensPage } from '@/app/features/users/tokens-page'

export const metadata: Metadata = { title: 'API tokens' }

export default async function Page() {
  if (!(await signedInWith('tokens.manage', '/admin/tokens'))) return <Forbidden permission="tokens.manage" />
  return <TokensPage />
}
