import type { Metadata } from 'next'
import { DecisionsPage } from '@/app/features/decisions/decisions-page'
import { type SearchParams, signedIn } from '@/app/features/session/signed-in'

export const metadata: Metadata = { title: 'Decisions' }

export default async function Page({ searchParams }: { searchParams: SearchParams }) {
  await signedIn('/decisions', searchParams)
  return <DecisionsPage />
}
