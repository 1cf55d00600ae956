'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTRPC } from '@/app/trpc'
import { Checkbox, FieldError } from '@/app/ui/form/field'
import { useNotice } from '@/app/ui/overlay/notice'
import { errorSentence } from '@/app/ui/text/errors'

/** Whether two deployments may share a name. Changes take effect at once and can be reverted. */
export function NamesSetting({ allowed }: { allowed: boolean }) {
  const trpc = useTRPC()
  const queries = useQueryClient()
  const notice = useNotice()
  const save = useMutation(trpc.settings.setRepeatedNames.mutationOptions())
  const write = async (next: boolean): Promise<void> => {
    await save.mutateAsync({ allowed: next })
    await queries.invalidateQueries({ queryKey: trpc.settings.get.queryKey() })
  }
  const change = (next: boolean): void => {
    write(next).then(
      () =>
        notice({
          text: next ? 'Deployments may share a name' : 'Each name belongs to one deployment',
          undo: () => void write(!next),
        }),
      // The mutation keeps the error, which is shown below.
      () => undefined,
    )
  }
  return (
    <div className="max-w-xl space-y-3">
      <Checkbox
        label="Allow deployments to share a name"
        hint="Existing duplicates are kept. Rules that refer to a name apply to all deployments with it."
        checked={allowed}
        disabled={save.isPending}
        onChange={(event) => change(event.target.checked)}
      />
      {save.isError && <FieldError>{errorSentence(save.error)}</FieldError>}
    </div>
  )
}
