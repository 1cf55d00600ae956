import type { Metadata } from 'next'
import { NodePage } from '@/app/features/node/node-page'
import { signedIn } from '@/app/features/session/signed-in'

export const metadata: Metadata = { title: 'Node' }

export default async function Page({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params
  await signedIn(`/nodes/${id}`)
  return <NodePage id={id} />
}
