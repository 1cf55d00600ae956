import type { Metadata } from 'next'
import { OverviewPage } from '@/app/features/overview/overview-page'
import { type SearchParams, signedIn } from '@/app/features/session/signed-in'

export const metadata: Metadata = { title: 'Overview' }

export default async function Home({ searchParams }: { searchParams: SearchParams }) {
  await signedIn('/', searchParams)
  return <OverviewPage />
}
