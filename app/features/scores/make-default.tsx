'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { effectivePolicy, type PolicyInput, policyLabels } from '@/app/features/placement/policy-query'
import { useBlocked } from '@/app/features/session/me'
import { useTRPC } from '@/app/trpc'
import { Button } from '@/app/ui/button'
import { ConfirmDialog } from '@/app/ui/overlay/dialog'
import { useNotice } from '@/app/ui/overlay/notice'
import { errorSentence } from '@/app/ui/text/errors'
import type { Policy } from '@/core/placement/types'

interface MakeDefaultProps {
  /** The policy on the sliders; null when it is the default already. */
  input: PolicyInput | null
  present: Policy
  onDone: () => void
}

const asInput = ({ weights, packing }: Policy): PolicyInput => (packing ? { weights, packing } : { weights })

/** Saves the sliders' policy as the default, after a confirmation and only for administrators. */
export function MakeDefault({ input, present, onDone }: MakeDefaultProps) {
  const trpc = useTRPC()
  const queries = useQueryClient()
  const notice = useNotice()
  const [asking, setAsking] = useState(false)
  const notAllowed = useBlocked('settings.manage', 'change the default policy')
  const { mutateAsync, isPending, error, reset } = useMutation(trpc.settings.setPolicy.mutationOptions())
  const wanted = policyLabels(effectivePolicy(input, present))

  const save = async (policy: PolicyInput): Promise<void> => {
    await mutateAsync({ policy })
    await queries.invalidateQueries({ queryKey: trpc.settings.get.queryKey() })
    await queries.invalidateQueries({ queryKey: trpc.placement.rank.queryKey() })
  }
  const confirm = async (): Promise<void> => {
    if (input === null) return
    const saved = await save(input).then(
      () => true,
      // The dialog shows the error.
      () => false,
    )
    if (!saved) return
    setAsking(false)
    onDone()
    notice({
      text: `The default is now ${wanted}`,
      undo: () => void save(asInput(present)).catch((cause) => notice({ text: errorSentence(cause) })),
    })
  }

  return (
    <>
      <Button
        blocked={notAllowed ?? (input === null ? 'This is already the default.' : null)}
        onClick={() => {
          reset()
          setAsking(true)
        }}
      >
        Make default
      </Button>
      <ConfirmDialog
        open={asking}
        onClose={() => setAsking(false)}
        title="Change the default policy?"
        action="Make default"
        busy={isPending}
        error={error ? errorSentence(error) : null}
        onConfirm={() => void confirm()}
      >
        <p>
          Deployments without a policy will be scored with {wanted} instead of {policyLabels(present)}.
        </p>
        <p className="mt-2">Running replicas stay where they are, and past decisions keep their policy.</p>
      </ConfirmDialog>
    </>
  )
}
