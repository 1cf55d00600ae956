import type { Metadata } from 'next'
import { EventsPage } from '@/app/features/events/events-page'
import { type SearchParams, signedIn } from '@/app/features/session/signed-in'

export const metadata: Metadata = { title: 'Events' }

export default async function Events({ searchParams }: { searchParams: SearchParams }) {
  await signedIn('/events', searchParams)
  return <EventsPage />
}
