import type { Metadata } from 'next'
import { type SearchParams, signedIn } from '../../shell/signed-in'
import { DecisionsPage } from './decisions-page'

export const metadata: Metadata = { title: 'Decisions' }

export default async function Page({ searchParams }: { searchParams: SearchParams }) {
  await signedIn('/decisions', searchParams)
  return <DecisionsPage />
}
