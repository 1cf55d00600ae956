'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useMe } from '@/app/features/session/me'
import { useTRPC } from '@/app/trpc'
import { Button } from '@/app/ui/button'
import { Field, FieldError, Input, Select } from '@/app/ui/form/field'
import { useFieldProblems } from '@/app/ui/form/use-fields'
import { lesserRole, type Role, roles } from '@/core/accounts/roles'

export interface MadeApiToken {
  name: string
  /** Shown only once. */
  token: string
}

const day = 24
const lifetimes = [
  { hours: day, label: '1 day' },
  { hours: 30 * day, label: '30 days' },
  { hours: 90 * day, label: '90 days' },
  { hours: 365 * day, label: '1 year' },
  { hours: null, label: 'Never' },
]

const scopeHints: Record<Role, string> = {
  admin: 'Your full access, except passwords, users and API tokens.',
  operator: 'Deploys, and changes your own deployments.',
  viewer: 'Read-only.',
}

export function TokenForm({ onMade }: { onMade: (made: MadeApiToken) => void }) {
  const me = useMe()
  const trpc = useTRPC()
  const queries = useQueryClient()
  const [name, setName] = useState('')
  const [scope, setScope] = useState<Role>('viewer')
  const [hours, setHours] = useState<number | null>(30 * day)
  const { problems, set, take } = useFieldProblems(['name', 'scope', 'expires_in_hours'])
  const create = useMutation(trpc.apiToken.create.mutationOptions())

  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (create.isPending) return
    set(name.trim() === '' ? { name: 'Enter a name' } : {})
    if (name.trim() === '') return
    create.mutate(
      { name: name.trim(), scope, expires_in_hours: hours },
      {
        onError: take,
        onSuccess: ({ token }) => {
          void queries.invalidateQueries({ queryKey: trpc.apiToken.pathKey() })
          onMade({ name: name.trim(), token })
        },
      },
    )
  }
  return (
    <form noValidate onSubmit={submit} className="grid max-w-3xl gap-4 sm:grid-cols-[minmax(0,1fr)_12rem_8rem_auto]">
      <Field label="Name" hint="Describe its purpose." error={problems.name}>
        {(wiring) => (
          <Input
            {...wiring}
            placeholder="nightly report"
            autoComplete="off"
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        )}
      </Field>
      <Field label="Scope" hint={scopeHints[scope]} error={problems.scope}>
        {(wiring) => (
          <Select
            {...wiring}
            value={scope}
            onChange={(event) => setScope(roles.find((one) => one === event.target.value) ?? scope)}
          >
            {roles
              .filter((one) => lesserRole(one, me.role) === one)
              .map((one) => (
                <option key={one}>{one}</option>
              ))}
          </Select>
        )}
      </Field>
      <Field label="Expires in" error={problems.expires_in_hours}>
        {(wiring) => (
          <Select
            {...wiring}
            value={hours ?? ''}
            onChange={(event) => setHours(event.target.value === '' ? null : Number(event.target.value))}
          >
            {lifetimes.map(({ hours: value, label }) => (
              <option key={label} value={value ?? ''}>
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
