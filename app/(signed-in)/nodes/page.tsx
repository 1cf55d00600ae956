import type { Metadata } from 'next'
import { NodeList } from '@/app/features/nodes/node-list'
import { type SearchParams, signedIn } from '@/app/features/session/signed-in'

export const metadata: Metadata = { title: 'Nodes' }

export default async function NodesPage({ searchParams }: { searchParams: SearchParams }) {
  await signedIn('/nodes', searchParams)
  return <NodeList />
}
