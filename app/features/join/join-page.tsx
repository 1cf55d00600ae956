'use client'

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTRPC } from '@/app/trpc'
import { PageHeader, Section } from '@/app/ui/layout-parts'
import { QueryView } from '@/app/ui/status/query-view'
import { JoinProgress } from './join-progress'
import { type MadeToken, TokenForm } from './token-form'
import { TokenTable } from './token-table'

export function JoinPage() {
  const trpc = useTRPC()
  const query = useQuery(trpc.joinToken.list.queryOptions())
  const [made, setMade] = useState<MadeToken | null>(null)
  return (
    <>
      <PageHeader
        title="Join a node"
        meta="A node is a machine with Docker or Podman. Run one command on it to join. Agents connect out, so no port has to be opened."
      />
      <Section title={made ? `Token “${made.name}”` : 'Create a join token'}>
        {made ? (
          <JoinProgress made={made} token={query.data?.find(({ id }) => id === made.id)} onDone={() => setMade(null)} />
        ) : (
          <TokenForm onMade={setMade} />
        )}
      </Section>
      <Section flush title="Tokens">
        <QueryView query={query} failed="Could not load the tokens" loading="Loading tokens">
          {(tokens) => <TokenTable tokens={tokens} />}
        </QueryView>
      </Section>
    </>
  )
}
