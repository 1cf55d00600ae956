'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { RotateCw, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { useTRPC } from '@/app/trpc'
import { Button } from '@/app/ui/button'
import { FieldError } from '@/app/ui/form/field'
import { ConfirmDialog } from '@/app/ui/overlay/dialog'
import { errorSentence } from '@/app/ui/text/errors'
import { plural } from '@/app/ui/text/format'
import type { DeploymentDetail } from '@/core/views/deployments'
import { RedeployButton } from './redeploy-button'
import { Scale } from './scale'
import { StopStart } from './stop-start'
import { UpdateLink } from './update-link'

export function DeploymentActions({ deployment }: { deployment: DeploymentDetail }) {
  const trpc = useTRPC()
  const queries = useQueryClient()
  const [deleting, setDeleting] = useState(false)
  const reread = (): Promise<void> =>
    queries.invalidateQueries({ queryKey: trpc.deployment.detail.queryKey({ id: deployment.id }) })
  const retry = useMutation(trpc.deployment.retry.mutationOptions({ onSuccess: reread }))
  const remove = useMutation(
    trpc.deployment.delete.mutationOptions({
      onSuccess: async () => {
        setDeleting(false)
        await reread()
      },
    }),
  )
  const { name, id, blocked, status } = deployment
  if (status === 'deleted') return null
  const live = deployment.replicas.filter((replica) => replica.reserved).length
  return (
    <div>
      <div className="flex flex-wrap gap-2 sm:justify-end">
        <UpdateLink deployment={deployment} />
        <RedeployButton deployment={deployment} />
        <Scale deployment={deployment} />
        <StopStart deployment={deployment} />
        {(status === 'failed' || !blocked.retry) && (
          <Button
            icon={<RotateCw size={14} aria-hidden />}
            busy={retry.isPending}
            blocked={blocked.retry}
            onClick={() => retry.mutate({ deployment_id: id })}
          >
            Retry
          </Button>
        )}
        <Button
          variant="danger"
          icon={<Trash2 size={14} aria-hidden />}
          blocked={blocked.delete}
          onClick={() => setDeleting(true)}
        >
          Delete
        </Button>
      </div>
      {retry.error && <FieldError className="mt-1">{errorSentence(retry.error)}</FieldError>}
      <ConfirmDialog
        open={deleting}
        onClose={() => setDeleting(false)}
        title={`Delete ${name}?`}
        typeName={name}
        action="Delete"
        busy={remove.isPending}
        error={remove.error ? errorSentence(remove.error) : null}
        onConfirm={() => remove.mutate({ deployment_id: id })}
      >
        {live > 0
          ? `${plural(live, 'container')} will be stopped and removed, and their reserved capacity released.`
          : 'It has no containers.'}{' '}
        This can't be undone; its history is kept.
      </ConfirmDialog>
    </div>
  )
}
