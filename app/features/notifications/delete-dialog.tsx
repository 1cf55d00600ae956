'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTRPC } from '@/app/trpc'
import { ConfirmDialog } from '@/app/ui/overlay/dialog'
import { errorSentence } from '@/app/ui/text/errors'
import type { NotificationChannelView } from '@/core/notifications/notification'

export function DeleteDialog({ channel, onClose }: { channel: NotificationChannelView; onClose: () => void }) {
  const trpc = useTRPC()
  const queries = useQueryClient()
  const remove = useMutation(
    trpc.notification.delete.mutationOptions({
      onSuccess: async () => {
        onClose()
        await queries.invalidateQueries({ queryKey: trpc.notification.pathKey() })
      },
    }),
  )
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      title={`Delete “${channel.name}”?`}
      typeName={channel.name}
      action="Delete"
      busy={remove.isPending}
      error={remove.error ? errorSentence(remove.error) : null}
      onConfirm={() => remove.mutate({ id: channel.id })}
    >
      No more alerts are sent to this channel, and waiting ones are dropped. Its address is deleted. This can't be
      undone.
    </ConfirmDialog>
  )
}
