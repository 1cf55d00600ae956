import type { Metadata } from 'next'
import { DeploymentPage } from '@/app/features/deployment/deployment-page'
import { type SearchParams, signedIn } from '@/app/features/session/signed-in'

export const metadata: Metadata = { title: 'Deployment' }

interface Props {
  params: Promise<{ id: string }>
  searchParams: SearchParams
}

export default async function Page({ params, searchParams }: Props) {
  const { id } = await params
  await signedIn(`/deployments/${id}`, searchParams)
  return <DeploymentPage id={id} />
}
