import type { Metadata } from 'next'
import { type SearchParams, signedIn } from '../../shell/signed-in'
import { DeploymentList } from './deployment-list'

export const metadata: Metadata = { title: 'Deployments' }

export default async function DeploymentsPage({ searchParams }: { searchParams: SearchParams }) {
  await signedIn('/deployments', searchParams)
  return <DeploymentList />
}
