'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { UserView } from '@/server/domain/views'
import { alone } from '../../../shell/client'
import { stayDuring } from '../../../shell/leave'
import { useTRPC } from '../../../trpc'
import { ConfirmDialog } from '../../../ui/dialog'
import { errorSentence } from '../../../ui/errors'
import { useNotice } from '../../../ui/notice'

interface EndSessionsDialogProps {
  user: UserView
  onClose: () => void
}

export function EndSessionsDialog({ user, onClose }: EndSessionsDialogProps) {
  const trpc = useTRPC()
  const queries = useQueryClient()
  const notice = useNotice()
  const end = useMutation(trpc.user.endSessions.mutationOptions({ trpc: alone }))

  const confirm = (): Promise<void> =>
    stayDuring(async () => {
      try {
        // One's own session is followed by a new one, which comes with the answer.
        await end.mutateAsync({ id: user.id })
      } catch {
        // Said in the dialog.
        return
      }
      notice({ text: `The sessions of ${user.username} have ended` })
      onClose()
      // What was asked with the old session is answered before this is.
      await queries.invalidateQueries({ queryKey: trpc.me.get.queryKey() })
    })

  return (
    <ConfirmDialog
      open
      onClose={onClose}
      title={`End the sessions of ${user.username}?`}
      action="End sessions"
      busy={end.isPending}
      error={end.error ? errorSentence(end.error) : null}
      onConfirm={() => void confirm()}
    >
      {user.isSelf ? 'You stay signed in here. Everywhere else you' : 'They'} have to sign in again, and so do programs
      that signed in with the password. API tokens go on: they are revoked under API tokens.
    </ConfirmDialog>
  )
}
