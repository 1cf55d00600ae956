import type { Metadata } from 'next'
import { DeploymentList } from '@/app/features/deployments/deployment-list'
import { type SearchParams, signedIn } from '@/app/features/session/signed-in'

export const metadata: Metadata = { title: 'Deployments' }

export default async function DeploymentsPage({ searchParams }: { searchParams: SearchParams }) {
  await signedIn('/deployments', searchParams)
  return <DeploymentList />
}
