import type { Metadata } from 'next'
import { type SearchParams, signedIn } from '../../shell/signed-in'
import { NodeList } from './node-list'

export const metadata: Metadata = { title: 'Nodes' }

export default async function NodesPage({ searchParams }: { searchParams: SearchParams }) {
  await signedIn('/nodes', searchParams)
  return <NodeList />
}
