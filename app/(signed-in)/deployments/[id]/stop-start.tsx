'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Play, Square } from 'lucide-react'
import type { DeploymentDetail } from '@/server/domain/views'
import { useTRPC } from '../../../trpc'
import { Button } from '../../../ui/button'
import { errorSentence } from '../../../ui/errors'
import { FieldError } from '../../../ui/field'
import { plural } from '../../../ui/format'
import { useNotice } from '../../../ui/notice'

/** Scales to 0, and back to what there was before. Taken back with one press, so nobody is asked first. */
export function StopStart({ deployment }: { deployment: DeploymentDetail }) {
  const trpc = useTRPC()
  const queries = useQueryClient()
  const notice = useNotice()
  const { id, name, blocked, targetReplicas, startReplicas } = deployment
  const scale = useMutation(
    trpc.deployment.scale.mutationOptions({
      onSuccess: () => queries.invalidateQueries({ queryKey: trpc.deployment.detail.queryKey({ id }) }),
    }),
  )
  const stopped = targetReplicas === 0
  const target = stopped ? (startReplicas ?? 1) : 0
  const press = (): void =>
    scale.mutate(
      { deployment_id: id, replicas: target },
      {
        onSuccess: () =>
          notice({
            text: stopped ? `Starting ${plural(target, 'replica')} of ${name}` : `Stopping ${name}`,
            undo: () => scale.mutate({ deployment_id: id, replicas: targetReplicas }),
          }),
      },
    )
  const icon = stopped ? <Play size={14} aria-hidden /> : <Square size={14} aria-hidden />
  return (
    <>
      <Button
        icon={icon}
        busy={scale.isPending}
        blocked={blocked.scale}
        title={stopped ? `Back to ${plural(target, 'replica')}` : 'Stops every replica; Start brings them back'}
        onClick={press}
      >
        {stopped ? 'Start' : 'Stop'}
      </Button>
      {scale.error && <FieldError className="basis-full">{errorSentence(scale.error)}</FieldError>}
    </>
  )
}
