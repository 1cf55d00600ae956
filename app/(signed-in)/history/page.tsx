import type { Metadata } from 'next'
import { HistoryPage } from '@/app/features/history/history-page'
import { type SearchParams, signedIn } from '@/app/features/session/signed-in'

export const metadata: Metadata = { title: 'History' }

export default async function History({ searchParams }: { searchParams: SearchParams }) {
  await signedIn('/history', searchParams)
  return <HistoryPage />
}
