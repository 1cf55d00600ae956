import type { Metadata } from 'next'
import { DeployPage } from '@/app/features/deploy-form/deploy-page'
import { Forbidden } from '@/app/features/session/forbidden'
import { type SearchParams, signedInWith } from '@/app/features/session/signed-in'

export const metadata: Metadata = { title: 'New deployment' }

export default async function NewDeploymentPage({ searchParams }: { searchParams: SearchParams }) {
  if (!(await signedInWith('deployments.create', '/deployments/new', searchParams)))
    return <Forbidden permission="deployments.create" />
  return <DeployPage />
}
