import type { Metadata } from 'next'
import { signedIn } from '../../../shell/signed-in'
import { DeployPage } from './deploy-page'

export const metadata: Metadata = { title: 'New deployment' }

export default async function NewDeploymentPage() {
  await signedIn('/deployments/new')
  return <DeployPage />
}
