'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { alone } from '../../shell/client'
import { stayDuring } from '../../shell/leave'
import { useTRPC } from '../../trpc'
import { Button } from '../../ui/button'
import { ConfirmDialog } from '../../ui/dialog'
import { errorSentence } from '../../ui/errors'
import { Section } from '../../ui/layout-parts'
import { useNotice } from '../../ui/notice'

export function Sessions() {
  const trpc = useTRPC()
  const queries = useQueryClient()
  const notice = useNotice()
  const [asking, setAsking] = useState(false)
  const end = useMutation(trpc.me.endSessions.mutationOptions({ trpc: alone }))

  const confirm = (): Promise<void> =>
    stayDuring(async () => {
      try {
        // Its answer brings a new session for this browser.
        await end.mutateAsync()
      } catch {
        // Said in the dialog.
        return
      }
      setAsking(false)
      notice({ text: 'Your other sessions have ended' })
      // What was asked with the old session is answered before this is.
      await queries.invalidateQueries({ queryKey: trpc.me.get.queryKey() })
    })

  return (
    <Section
      title="Sessions"
      meta="For when you stayed signed in where you should not have, or lost a computer. API tokens are revoked above."
    >
      <Button
        onClick={() => {
          end.reset()
          setAsking(true)
        }}
      >
        Sign out everywhere else
      </Button>
      <ConfirmDialog
        open={asking}
        onClose={() => setAsking(false)}
        title="Sign out everywhere else?"
        action="Sign out everywhere else"
        busy={end.isPending}
        error={end.error ? errorSentence(end.error) : null}
        onConfirm={() => void confirm()}
      >
        Your sessions in other browsers end at once, and so do the access tokens of programs that signed in with your
        password. This browser stays signed in.
      </ConfirmDialog>
    </Section>
  )
}
