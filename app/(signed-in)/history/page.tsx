import type { Metadata } from 'next'
import { type SearchParams, signedIn } from '../../shell/signed-in'
import { HistoryPage } from './history-page'

export const metadata: Metadata = { title: 'History' }

export default async function History({ searchParams }: { searchParams: SearchParams }) {
  await signedIn('/history', searchParams)
  return <HistoryPage />
}
