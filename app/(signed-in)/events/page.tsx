import type { Metadata } from 'next'
import { type SearchParams, signedIn } from '../../shell/signed-in'
import { EventsPage } from './events-page'

export const metadata: Metadata = { title: 'Events' }

export default async function Events({ searchParams }: { searchParams: SearchParams }) {
  await signedIn('/events', searchParams)
  return <EventsPage />
}
