'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTRPC } from '@/app/trpc'
import { useNotice } from '@/app/ui/overlay/notice'

/** Pauses or resumes a channel at once; the notice offers to undo it. */
export function usePause() {
  const trpc = useTRPC()
  const queries = useQueryClient()
  const notice = useNotice()
  const pause = useMutation(
    trpc.notification.pause.mutationOptions({
      onSettled: () => queries.invalidateQueries({ queryKey: trpc.notification.pathKey() }),
    }),
  )
  return {
    problem: pause.error,
    set: ({ id, name }: { id: string; name: string }, paused: boolean): void =>
      pause.mutate(
        { id, paused },
        {
          onSuccess: () =>
            notice({
              text: paused ? `Paused ${name}. Events during the pause are not sent` : `Resumed ${name}`,
              undo: () => pause.mutate({ id, paused: !paused }),
            }),
        },
      ),
  }
}
