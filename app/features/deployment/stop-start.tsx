'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Play, RefreshCw, Square } from 'lucide-react'
import { useState } from 'react'
import { useTRPC } from '@/app/trpc'
import { Button } from '@/app/ui/button'
import { FieldError } from '@/app/ui/form/field'
import { ConfirmDialog } from '@/app/ui/overlay/dialog'
import { errorSentence } from '@/app/ui/text/errors'
import { plural } from '@/app/ui/text/format'
import type { DeploymentDetail } from '@/core/views/deployments'

/** Start for stopped deployments, else Stop and Restart. These two interrupt something, so they ask first. */
export function StopStart({ deployment }: { deployment: DeploymentDetail }) {
  const trpc = useTRPC()
  const queries = useQueryClient()
  const [asking, setAsking] = useState<'stop' | 'restart' | null>(null)
  const { id, name, blocked, targetReplicas, startReplicas } = deployment
  const onSuccess = async (): Promise<void> => {
    setAsking(null)
    await queries.invalidateQueries({ queryKey: trpc.deployment.detail.queryKey({ id }) })
  }
  const start = useMutation(trpc.deployment.start.mutationOptions({ onSuccess }))
  const stop = useMutation(trpc.deployment.stop.mutationOptions({ onSuccess }))
  const restart = useMutation(trpc.deployment.restart.mutationOptions({ onSuccess }))
  const input = { deployment_id: id }
  if (targetReplicas === 0)
    return (
      <>
        <Button
          icon={<Play size={14} aria-hidden />}
          busy={start.isPending}
          blocked={blocked.start}
          title={`Starts ${plural(startReplicas ?? 1, 'replica')}`}
          onClick={() => start.mutate(input)}
        >
          Start
        </Button>
        {start.error && <FieldError className="basis-full">{errorSentence(start.error)}</FieldError>}
      </>
    )
  const running = plural(targetReplicas, 'replica')
  return (
    <>
      <Button icon={<RefreshCw size={14} aria-hidden />} blocked={blocked.restart} onClick={() => setAsking('restart')}>
        Restart
      </Button>
      <Button icon={<Square size={14} aria-hidden />} blocked={blocked.stop} onClick={() => setAsking('stop')}>
        Stop
      </Button>
      <ConfirmDialog
        open={asking === 'stop'}
        onClose={() => setAsking(null)}
        title={`Stop ${name}?`}
        action="Stop"
        busy={stop.isPending}
        error={stop.error ? errorSentence(stop.error) : null}
        onConfirm={() => stop.mutate(input)}
      >
        {running} will be stopped, and {name} is down until you start it again. Start restores the same number of
        replicas.
      </ConfirmDialog>
      <ConfirmDialog
        open={asking === 'restart'}
        onClose={() => setAsking(null)}
        title={`Restart ${name}?`}
        action="Restart"
        busy={restart.isPending}
        error={restart.error ? errorSentence(restart.error) : null}
        onConfirm={() => restart.mutate(input)}
      >
        {running} will be replaced one by one. Each keeps running until its replacement is up.
      </ConfirmDialog>
    </>
  )
}
