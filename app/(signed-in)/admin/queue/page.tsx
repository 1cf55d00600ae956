import type { Metadata } from 'next'
import { type SearchParams, signedIn } from '../../../shell/signed-in'
import { StuckPage } from './stuck-page'

export const metadata: Metadata = { title: 'Stuck work' }

export default async function Page({ searchParams }: { searchParams: SearchParams }) {
  await signedIn('/admin/queue', searchParams)
  return <StuckPage />
}
