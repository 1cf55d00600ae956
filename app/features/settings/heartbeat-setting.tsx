'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTRPC } from '@/app/trpc'
import { Button } from '@/app/ui/button'
import { Field, FieldError, Input } from '@/app/ui/form/field'
import { useFieldProblems } from '@/app/ui/form/use-fields'
import { useNotice } from '@/app/ui/overlay/notice'
import { earliestLossSeconds, type Heartbeat, heartbeatLimits, heartbeatProblems } from '@/core/settings/settings'

const fields = [
  {
    name: 'everySeconds',
    label: 'Interval',
    hint: `${heartbeatLimits.every.min} to ${heartbeatLimits.every.max}. Agents apply it after their next heartbeat, without a restart.`,
  },
  {
    name: 'limitSeconds',
    label: 'Offline after',
    hint: `${heartbeatLimits.limit.min} to ${heartbeatLimits.limit.max}, and at least twice the interval. Applies once every agent has had time to update.`,
  },
] as const

const secondsIn = (text: string): number => (text.trim() === '' ? Number.NaN : Number(text))

export function HeartbeatSetting({ heartbeat }: { heartbeat: Heartbeat }) {
  const trpc = useTRPC()
  const queries = useQueryClient()
  const notice = useNotice()
  const [text, setText] = useState({
    everySeconds: String(heartbeat.everySeconds),
    limitSeconds: String(heartbeat.limitSeconds),
  })
  const { problems, set, take, clear } = useFieldProblems(['everySeconds', 'limitSeconds'])
  const save = useMutation(trpc.settings.setHeartbeat.mutationOptions())
  const next: Heartbeat = {
    everySeconds: secondsIn(text.everySeconds),
    limitSeconds: secondsIn(text.limitSeconds),
  }
  const found = heartbeatProblems(next)
  const isValid = Object.keys(found).length === 0

  const write = async (input: Heartbeat): Promise<void> => {
    await save.mutateAsync(input)
    await queries.invalidateQueries({ queryKey: trpc.settings.get.queryKey() })
  }
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    set(found)
    if (!isValid || save.isPending) return
    try {
      await write(next)
      notice({ text: 'Saved the heartbeat settings', undo: () => void write(heartbeat) })
    } catch (error) {
      take(error)
    }
  }
  return (
    <form noValidate onSubmit={(event) => void submit(event)} className="max-w-xl space-y-3">
      <div className="grid gap-4 sm:grid-cols-2">
        {fields.map(({ name, label, hint }) => (
          <Field key={name} label={label} hint={hint} error={problems[name]}>
            {(wiring) => (
              <Input
                {...wiring}
                unit="s"
                inputMode="numeric"
                autoComplete="off"
                value={text[name]}
                onChange={(event) => {
                  clear()
                  setText((old) => ({ ...old, [name]: event.target.value }))
                }}
              />
            )}
          </Field>
        ))}
      </div>
      <p className="text-ink-2">
        {isValid
          ? `An offline node gets no new replicas. Its replicas move after the time set by their deployment, at least ${earliestLossSeconds(next)} s: by then it is clear whether one node or many are offline.`
          : 'An offline node gets no new replicas.'}
      </p>
      {problems[''] && <FieldError>{problems['']}</FieldError>}
      <Button type="submit" busy={save.isPending}>
        Save heartbeats
      </Button>
    </form>
  )
}
