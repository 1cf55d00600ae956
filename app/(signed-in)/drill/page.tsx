import type { Metadata } from 'next'
import { DrillPage } from '@/app/features/drill/drill-page'
import { type SearchParams, signedIn } from '@/app/features/session/signed-in'

export const metadata: Metadata = { title: 'Failure drill' }

export default async function Page({ searchParams }: { searchParams: SearchParams }) {
  await signedIn('/drill', searchParams)
  return <DrillPage />
}
