'use client'

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { SessionTable } from '@/app/features/account/session-table'
import { useTRPC } from '@/app/trpc'
import { Button } from '@/app/ui/button'
import { Dialog } from '@/app/ui/overlay/dialog'
import { useNotice } from '@/app/ui/overlay/notice'
import { QueryView } from '@/app/ui/status/query-view'
import { Empty } from '@/app/ui/status/states'
import { errorSentence } from '@/app/ui/text/errors'
import type { UserView } from '@/core/views/accounts'

interface SessionsDialogProps {
  user: UserView
  onClose: () => void
}

/** The sessions of a user; one or all of them can be ended. */
export function SessionsDialog({ user, onClose }: SessionsDialogProps) {
  const trpc = useTRPC()
  const queries = useQueryClient()
  const notice = useNotice()
  const query = useQuery(trpc.user.sessions.queryOptions({ id: user.id }))
  const again = () => queries.invalidateQueries({ queryKey: trpc.user.sessions.queryKey({ id: user.id }) })
  const end = useMutation(trpc.user.endSession.mutationOptions({ onSettled: again }))
  const endAll = useMutation(
    trpc.user.endSessions.mutationOptions({
      onSuccess: async () => {
        notice({ text: `Ended the sessions of ${user.username}` })
        onClose()
        await again()
      },
    }),
  )
  const problem = endAll.error ?? end.error
  const others = query.data?.some(({ current }) => !current) ?? false
  return (
    <Dialog
      open
      wide
      onClose={onClose}
      title={`Sessions of ${user.username}`}
      description="Ending a session signs the user out. API tokens keep working; revoke them under API tokens."
    >
      <QueryView query={query} failed="Could not load the sessions" loading="Loading the sessions">
        {(sessions) =>
          sessions.length === 0 ? (
            <Empty title={`${user.username} has no sessions`} />
          ) : (
            // Extends to the edges of the dialog, while the text stays aligned with the title.
            <div className="-mx-4 md:[&_:is(td,th):first-child]:pl-4 md:[&_:is(td,th):last-child]:pr-4">
              <SessionTable
                caption={`Sessions of ${user.username}`}
                sessions={sessions}
                ending={end.isPending ? end.variables.session_id : null}
                problem={problem ? errorSentence(problem) : null}
                onEnd={(session) => end.mutate({ id: user.id, session_id: session.id })}
              />
            </div>
          )
        }
      </QueryView>
      <div className="mt-4 flex justify-end gap-2">
        <Button onClick={onClose}>Close</Button>
        <Button
          variant="primary"
          busy={endAll.isPending}
          blocked={others ? null : 'There are no other sessions.'}
          onClick={() => endAll.mutate({ id: user.id })}
        >
          {user.isSelf ? 'End all others' : 'End all'}
        </Button>
      </div>
    </Dialog>
  )
}
