'use client'

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTRPC } from '@/app/trpc'
import { Button } from '@/app/ui/button'
import { Section } from '@/app/ui/layout-parts'
import { QueryView } from '@/app/ui/status/query-view'
import { Empty } from '@/app/ui/status/states'
import { Code } from '@/app/ui/text/copy'
import { curlText } from '@/app/ui/text/curl'
import { type MadeApiToken, TokenForm } from './token-form'
import { TokenTable } from './token-table'

/** The signed-in user's own tokens. */
export function ApiTokens() {
  const trpc = useTRPC()
  const query = useQuery(trpc.apiToken.list.queryOptions())
  const [made, setMade] = useState<MadeApiToken | null>(null)
  return (
    <>
      <Section
        title={made ? `API token “${made.name}”` : 'Create an API token'}
        meta="For programs that call the API on your behalf. A token never has more access than its scope or your role."
      >
        {made ? <MadeToken made={made} onDone={() => setMade(null)} /> : <TokenForm onMade={setMade} />}
      </Section>
      <Section flush title="Your API tokens">
        <QueryView query={query} failed="Could not load the tokens" loading="Loading tokens">
          {(tokens) =>
            tokens.length === 0 ? (
              <Empty title="No API tokens yet">
                Create one above. It keeps working after a password change, until it expires or is revoked.
              </Empty>
            ) : (
              <TokenTable caption="Your API tokens" tokens={tokens} />
            )
          }
        </QueryView>
      </Section>
    </>
  )
}

function MadeToken({ made, onDone }: { made: MadeApiToken; onDone: () => void }) {
  const example = curlText({ method: 'GET', origin: window.location.origin, path: '/api/deployment/list' })
  return (
    <div className="max-w-3xl space-y-4">
      <p className="text-ink-2">Copy it now: it won't be shown again.</p>
      <Code text={made.token} label="Copy token" />
      <p className="text-ink-2">
        With the token in the shell variable <span className="font-mono text-meta">FOGDECK_TOKEN</span> , this call
        lists the deployments:
      </p>
      <Code text={example} label="Copy example" />
      <Button onClick={onDone}>Hide token</Button>
    </div>
  )
}
