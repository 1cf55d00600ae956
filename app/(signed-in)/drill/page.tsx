import type { Metadata } from 'next'
import { type SearchParams, signedIn } from '../../shell/signed-in'
import { DrillPage } from './drill-page'

export const metadata: Metadata = { title: 'Failure drill' }

export default async function Page({ searchParams }: { searchParams: SearchParams }) {
  await signedIn('/drill', searchParams)
  return <DrillPage />
}
