'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTRPC } from '@/app/trpc'
import { Button } from '@/app/ui/button'
import { Field, FieldError, Input, Select } from '@/app/ui/form/field'
import { useFieldProblems } from '@/app/ui/form/use-fields'

export interface MadeToken {
  id: string
  name: string
  /** Shown only once. */
  command: string
}

const lifetimes = [
  { hours: 1, label: '1 hour' },
  { hours: 24, label: '1 day' },
  { hours: 7 * 24, label: '1 week' },
  { hours: 30 * 24, label: '30 days' },
]

export function TokenForm({ onMade }: { onMade: (made: MadeToken) => void }) {
  const trpc = useTRPC()
  const queries = useQueryClient()
  const [name, setName] = useState('')
  const [nodes, setNodes] = useState('1')
  const [hours, setHours] = useState(24)
  const { problems, set, take } = useFieldProblems(['name', 'max_nodes', 'expires_in_hours'])
  const create = useMutation(trpc.joinToken.create.mutationOptions())

  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (create.isPending) return
    const maxNodes = nodes.trim() === '' ? null : Number(nodes)
    const fits = maxNodes === null || (Number.isInteger(maxNodes) && maxNodes >= 1 && maxNodes <= 100_000)
    set({
      ...(name.trim() === '' && { name: 'Enter a name' }),
      ...(!fits && { max_nodes: 'A whole number from 1 to 100000, or blank for any number' }),
    })
    if (name.trim() === '' || !fits) return
    create.mutate(
      { name: name.trim(), max_nodes: maxNodes, expires_in_hours: hours },
      {
        onError: take,
        onSuccess: ({ id, command }) => {
          void queries.invalidateQueries({ queryKey: trpc.joinToken.list.queryKey() })
          onMade({ id, name: name.trim(), command })
        },
      },
    )
  }
  return (
    <form noValidate onSubmit={submit} className="grid max-w-3xl gap-4 sm:grid-cols-[minmax(0,1fr)_9rem_9rem_auto]">
      <Field label="Name" hint="Describe its purpose." error={problems.name}>
        {(wiring) => (
          <Input
            {...wiring}
            placeholder="shop 12"
            autoComplete="off"
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        )}
      </Field>
      <Field label="Nodes" hint="Blank = any number." error={problems.max_nodes}>
        {(wiring) => (
          <Input
            {...wiring}
            inputMode="numeric"
            autoComplete="off"
            placeholder="any"
            value={nodes}
            onChange={(event) => setNodes(event.target.value)}
          />
        )}
      </Field>
      <Field label="Expires in" error={problems.expires_in_hours}>
        {(wiring) => (
          <Select {...wiring} value={hours} onChange={(event) => setHours(Number(event.target.value))}>
            {lifetimes.map(({ hours: value, label }) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </Select>
        )}
      </Field>
      <Button type="submit" variant="primary" busy={create.isPending} className="sm:mt-6">
        Create token
      </Button>
      {problems[''] && <FieldError className="sm:col-span-4">{problems['']}</FieldError>}
    </form>
  )
}
