import type { Metadata } from 'next'
import { UpdatePage } from '@/app/features/deployment-update/update-page'
import { signedIn } from '@/app/features/session/signed-in'

export const metadata: Metadata = { title: 'Update deployment' }

export default async function Page({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params
  await signedIn(`/deployments/${id}/update`)
  return <UpdatePage id={id} />
}
