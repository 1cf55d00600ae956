'use client'

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTRPC } from '@/app/trpc'
import { Button } from '@/app/ui/button'
import { Section } from '@/app/ui/layout-parts'
import { ConfirmDialog } from '@/app/ui/overlay/dialog'
import { useNotice } from '@/app/ui/overlay/notice'
import { QueryView } from '@/app/ui/status/query-view'
import { errorSentence } from '@/app/ui/text/errors'
import { SessionTable } from './session-table'

/** The sessions of the signed-in user. */
export function Sessions() {
  const trpc = useTRPC()
  const queries = useQueryClient()
  const query = useQuery(trpc.me.sessions.queryOptions())
  const again = () => queries.invalidateQueries({ queryKey: trpc.me.sessions.queryKey() })
  const end = useMutation(trpc.me.endSession.mutationOptions({ onSettled: again }))
  return (
    <Section
      flush
      title="Sessions"
      meta="Browsers and programs that signed in with your password."
      actions={<EndOthers onEnded={again} />}
    >
      <QueryView query={query} failed="Could not load the sessions" loading="Loading the sessions">
        {(sessions) => (
          <SessionTable
            caption="Your sessions"
            sessions={sessions}
            ending={end.isPending ? end.variables.id : null}
            problem={end.error ? errorSentence(end.error) : null}
            onEnd={({ id }) => end.mutate({ id })}
          />
        )}
      </QueryView>
    </Section>
  )
}

function EndOthers({ onEnded }: { onEnded: () => Promise<void> }) {
  const trpc = useTRPC()
  const notice = useNotice()
  const [asking, setAsking] = useState(false)
  const end = useMutation(
    trpc.me.endSessions.mutationOptions({
      onSuccess: async () => {
        setAsking(false)
        notice({ text: 'Your other sessions have ended' })
        await onEnded()
      },
    }),
  )
  return (
    <>
      <Button
        size="sm"
        onClick={() => {
          end.reset()
          setAsking(true)
        }}
      >
        End all others
      </Button>
      <ConfirmDialog
        open={asking}
        onClose={() => setAsking(false)}
        title="End all other sessions?"
        action="End all others"
        busy={end.isPending}
        error={end.error ? errorSentence(end.error) : null}
        onConfirm={() => end.mutate()}
      >
        Other browsers, and programs that signed in with your password, are signed out at once. This browser stays
        signed in. API tokens keep working.
      </ConfirmDialog>
    </>
  )
}
