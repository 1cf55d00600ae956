'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTRPC } from '@/app/trpc'
import { Button } from '@/app/ui/button'
import { Field, FieldError, Input } from '@/app/ui/form/field'
import { useFieldProblems } from '@/app/ui/form/use-fields'
import { useNotice } from '@/app/ui/overlay/notice'

const most = 3650

/** How long decisions can be viewed and replayed; older ones are deleted for good. */
export function RetentionSetting({ days }: { days: number }) {
  const trpc = useTRPC()
  const queries = useQueryClient()
  const notice = useNotice()
  const [text, setText] = useState(String(days))
  const { problems, set, take } = useFieldProblems(['days'])
  const save = useMutation(trpc.settings.setDecisionRetention.mutationOptions())
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    const next = text.trim() === '' ? Number.NaN : Number(text)
    const valid = Number.isInteger(next) && next >= 1 && next <= most
    set(valid ? {} : { days: `A whole number of days from 1 to ${most}` })
    if (!valid || save.isPending) return
    try {
      await save.mutateAsync({ days: next })
      notice({ text: `Saved: decisions are kept for ${next} days` })
      await queries.invalidateQueries({ queryKey: trpc.settings.get.queryKey() })
    } catch (error) {
      take(error)
    }
  }
  return (
    <form noValidate onSubmit={(event) => void submit(event)} className="max-w-md space-y-3">
      <Field
        label="Keep decisions for"
        hint="Older decisions are deleted for good, in small batches."
        error={problems.days}
        className="max-w-48"
      >
        {(wiring) => (
          <Input
            {...wiring}
            unit="days"
            inputMode="numeric"
            autoComplete="off"
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        )}
      </Field>
      {problems[''] && <FieldError>{problems['']}</FieldError>}
      <Button type="submit" busy={save.isPending}>
        Save retention
      </Button>
    </form>
  )
}
