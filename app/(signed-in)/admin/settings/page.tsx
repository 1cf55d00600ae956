import type { Metadata } from 'next'
import { Forbidden } from '../../../shell/forbidden'
import { type SearchParams, signedInWith } from '../../../shell/signed-in'
import { SettingsPage } from './settings-page'

export const metadata: Metadata = { title: 'Settings' }

export default async function Page({ searchParams }: { searchParams: SearchParams }) {
  if (!(await signedInWith('settings.manage', '/admin/settings', searchParams)))
    return <Forbidden permission="settings.manage" />
  return <SettingsPage />
}
