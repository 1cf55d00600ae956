import type { Metadata } from 'next'
import { QueuePage } from '@/app/features/queue/queue-page'
import { type SearchParams, signedIn } from '@/app/features/session/signed-in'

export const metadata: Metadata = { title: 'Scheduling queue' }

export default async function Page({ searchParams }: { searchParams: SearchParams }) {
  await signedIn('/admin/queue', searchParams)
  return <QueuePage />
}
