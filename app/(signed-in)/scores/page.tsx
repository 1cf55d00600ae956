import type { Metadata } from 'next'
import { ScoresPage } from '@/app/features/scores/scores-page'
import { type SearchParams, signedIn } from '@/app/features/session/signed-in'

export const metadata: Metadata = { title: 'Scores' }

export default async function Page({ searchParams }: { searchParams: SearchParams }) {
  await signedIn('/scores', searchParams)
  return <ScoresPage />
}
