import type { Metadata } from 'next'
import { DecisionPage } from '@/app/features/decisions/decision-page'
import { type SearchParams, signedIn } from '@/app/features/session/signed-in'

export const metadata: Metadata = { title: 'Decision' }

interface PageProps {
  params: Promise<{ id: string }>
  searchParams: SearchParams
}

export default async function Page({ params, searchParams }: PageProps) {
  const { id } = await params
  await signedIn(`/decisions/${id}`, searchParams)
  return <DecisionPage id={id} />
}
