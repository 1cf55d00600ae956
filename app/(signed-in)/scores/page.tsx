import type { Metadata } from 'next'
import { type SearchParams, signedIn } from '../../shell/signed-in'
import { ScoresPage } from './scores-page'

export const metadata: Metadata = { title: 'Scores' }

export default async function Page({ searchParams }: { searchParams: SearchParams }) {
  await signedIn('/scores', searchParams)
  return <ScoresPage />
}
