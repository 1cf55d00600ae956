import type { Metadata } from 'next'
import { type SearchParams, signedIn } from '../shell/signed-in'
import { OverviewPage } from './overview/overview-page'

export const metadata: Metadata = { title: 'Overview' }

export default async function Home({ searchParams }: { searchParams: SearchParams }) {
  await signedIn('/', searchParams)
  return <OverviewPage />
}
