import type { Metadata } from 'next'
import { Forbidden } from '@/app/features/session/forbidden'
import { type SearchParams, signedInWith } from '@/app/features/session/signed-in'
import { SettingsPage } from '@/app/features/settings/settings-page'

export const metadata: Metadata = { title: 'Settings' }

export default async function Page({ searchParams }: { searchParams: SearchParams }) {
  if (!(await signedInWith('settings.manage', '/admin/settings', searchParams)))
    return <Forbidden permission="settings.manage" />
  return <SettingsPage />
}
