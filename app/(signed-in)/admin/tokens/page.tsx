import type { Metadata } from 'next'
import { Forbidden } from '../../../shell/forbidden'
import { signedInWith } from '../../../shell/signed-in'
import { TokensPage } from './tokens-page'

export const metadata: Metadata = { title: 'API tokens' }

export default async function Page() {
  if (!(await signedInWith('tokens.manage', '/admin/tokens'))) return <Forbidden permission="tokens.manage" />
  return <TokensPage />
}
