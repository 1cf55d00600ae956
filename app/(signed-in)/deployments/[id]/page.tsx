import type { Metadata } from 'next'
import { type SearchParams, signedIn } from '../../../shell/signed-in'
import { DeploymentPage } from './deployment-page'

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
