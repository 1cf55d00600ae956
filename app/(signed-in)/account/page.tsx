import type { Metadata } from 'next'
import { AccountPage } from '@/app/features/account/account-page'
import { signedIn } from '@/app/features/session/signed-in'

export const metadata: Metadata = { title: 'Account' }

export default async function Page() {
  await signedIn('/account')
  return <AccountPage />
}
