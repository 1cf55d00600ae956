'use client'

import { useQuery } from '@tanstack/react-query'
import { TokenTable } from '@/app/features/account/token-table'
import { useTRPC } from '@/app/trpc'
import { ButtonLink } from '@/app/ui/button'
import { PageHeader } from '@/app/ui/layout-parts'
import { QueryView } from '@/app/ui/status/query-view'
import { Empty } from '@/app/ui/status/states'

export function TokensPage() {
  const trpc = useTRPC()
  const query = useQuery(trpc.apiToken.listAll.queryOptions())
  return (
    <>
      <PageHeader
        title="API tokens"
        meta="Tokens of all users. Create your own on the account page."
        actions={<ButtonLink href="/account">Create your own</ButtonLink>}
      />
      <div className="border-t border-line">
        <QueryView query={query} failed="Could not load the tokens" loading="Loading tokens">
          {(tokens) =>
            tokens.length === 0 ? (
              <Empty title="No API tokens yet">
                Programs use tokens to call the API. Users create them on the account page;{' '}
                <span className="font-mono text-meta">npm run token -- api</span> creates one for a script.
              </Empty>
            ) : (
              <TokenTable caption="API tokens of all users" tokens={tokens} withOwner />
            )
          }
        </QueryView>
      </div>
    </>
  )
}
