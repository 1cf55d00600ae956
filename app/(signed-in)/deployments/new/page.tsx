import type { Metadata } from 'next'
import { Forbidden } from '../../../shell/forbidden'
import { type SearchParams, signedInWith } from '../../../shell/signed-in'
import { DeployPage } from './deploy-page'

export const metadata: Metadata = { title: 'New deployment' }

export default async function NewDeploymentPage({ searchParams }: { searchParams: SearchParams }) {
  if (!(await signedInWith('deployments.create', '/deployments/new', searchParams)))
    return <Forbidden permission="deployments.create" />
  return <DeployPage />
}
