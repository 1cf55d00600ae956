import type { Metadata } from 'next'
import { TokensPage } from '@/app/features/users/tokens-page'
import { Forbidden } from '../../../shell/forbidden'
import { signedInWith } from '../../../shell/signed-in'

export const metadata: Metadata = { title: 'API tokens' }

export default async function Page() {
  if (!(await signedInWith('tokens.manage', '/admin/tokens'))) return <Forbidden permission="tokens.manage" />
  return <TokensPage />
}
