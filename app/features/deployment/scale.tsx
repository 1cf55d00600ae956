'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Minus, Plus, Scaling } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import { useTRPC } from '@/app/trpc'
import { Button } from '@/app/ui/button'
import { FieldError, Input } from '@/app/ui/form/field'
import { useNotice } from '@/app/ui/overlay/notice'
import { errorFields, errorSentence } from '@/app/ui/text/errors'
import { limits } from '@/core/placement/resources'
import type { DeploymentDetail } from '@/core/views/deployments'

/** A button that opens into an input in its place. */
export function Scale({ deployment }: { deployment: DeploymentDetail }) {
  const [open, setOpen] = useState(false)
  if (open) return <ScaleForm deployment={deployment} close={() => setOpen(false)} />
  return (
    <Button icon={<Scaling size={14} aria-hidden />} blocked={deployment.blocked.scale} onClick={() => setOpen(true)}>
      Scale
    </Button>
  )
}

function ScaleForm({ deployment, close }: { deployment: DeploymentDetail; close: () => void }) {
  const trpc = useTRPC()
  const queries = useQueryClient()
  const notice = useNotice()
  const before = deployment.targetReplicas
  const [text, setText] = useState(String(before))
  const scale = useMutation(
    trpc.deployment.scale.mutationOptions({
      onSuccess: () => queries.invalidateQueries({ queryKey: trpc.deployment.detail.queryKey({ id: deployment.id }) }),
    }),
  )
  const wanted = /^\d{1,4}$/.test(text.trim()) ? Number(text.trim()) : Number.NaN
  const problem =
    wanted >= 0 && wanted <= limits.replicas.max
      ? null
      : `Replicas must be a whole number from 0 to ${limits.replicas.max}`
  const step = (by: number): void => {
    if (!Number.isNaN(wanted)) setText(String(Math.min(limits.replicas.max, Math.max(0, wanted + by))))
  }
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (problem || scale.isPending) return
    scale.mutate(
      { deployment_id: deployment.id, replicas: wanted },
      {
        onSuccess: () => {
          close()
          notice({
            text: `Scaling ${deployment.name} from ${before} to ${wanted}`,
            undo: () => scale.mutate({ deployment_id: deployment.id, replicas: before }),
          })
        },
      },
    )
  }
  const refused = scale.error ? (errorFields(scale.error)[0]?.message ?? errorSentence(scale.error)) : null
  return (
    <form noValidate onSubmit={submit} onKeyDown={(event) => event.key === 'Escape' && close()} className="max-w-full">
      <div className="flex flex-wrap items-center gap-1">
        <Button aria-label="One fewer" icon={<Minus size={14} aria-hidden />} onClick={() => step(-1)} />
        <div className="w-16">
          <Input
            aria-label="Desired replicas"
            aria-invalid={problem || refused ? true : undefined}
            inputMode="numeric"
            autoComplete="off"
            autoFocus
            value={text}
            onChange={(event) => setText(event.target.value)}
            className="text-center"
          />
        </div>
        <Button aria-label="One more" icon={<Plus size={14} aria-hidden />} onClick={() => step(1)} />
        <Button
          type="submit"
          variant="primary"
          busy={scale.isPending}
          blocked={wanted === before ? 'This is the current number.' : problem}
        >
          Scale
        </Button>
        <Button variant="ghost" onClick={close}>
          Cancel
        </Button>
      </div>
      {(problem ?? refused) && <FieldError className="mt-1">{problem ?? refused}</FieldError>}
    </form>
  )
}
