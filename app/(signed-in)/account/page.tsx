import type { Metadata } from 'next'
import { signedIn } from '../../shell/signed-in'
import { AccountPage } from './account-page'

export const metadata: Metadata = { title: 'Account' }

export default async function Page() {
  await signedIn('/account')
  return <AccountPage />
}
