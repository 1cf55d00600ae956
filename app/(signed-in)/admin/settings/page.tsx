import type { Metadata } from 'next'
import { SettingsPage } from '@/app/features/settings/settings-page'
import { Forbidden } from '../../../shell/forbidden'
import { type SearchParams, signedInWith } from '../../../shell/signed-in'

export const metadata: Metadata = { title: 'Settings' }

export default async function Page({ searchParams }: { searchParams: SearchParams }) {
  if (!(await signedInWith('settings.manage', '/admin/settings', searchParams)))
    return <Forbidden permission="settings.manage" />
  return <SettingsPage />
}
