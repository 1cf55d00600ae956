import type { Metadata } from 'next'
import { NotificationsPage } from '@/app/features/notifications/notifications-page'
import { Forbidden } from '@/app/features/session/forbidden'
import { type SearchParams, signedInWith } from '@/app/features/session/signed-in'

export const metadata: Metadata = { title: 'Notifications' }

export default async function Page({ searchParams }: { searchParams: SearchParams }) {
  if (!(await signedInWith('notifications.manage', '/admin/notifications', searchParams)))
    return <Forbidden permission="notifications.manage" />
  return <NotificationsPage />
}
