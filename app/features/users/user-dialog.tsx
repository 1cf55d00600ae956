'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTRPC } from '@/app/trpc'
import { Button } from '@/app/ui/button'
import { Field, FieldError, Input, Select } from '@/app/ui/form/field'
import { NewPasswordField } from '@/app/ui/form/new-password'
import { useFieldProblems } from '@/app/ui/form/use-fields'
import { Dialog } from '@/app/ui/overlay/dialog'
import { useNotice } from '@/app/ui/overlay/notice'
import { passwordProblem } from '@/core/accounts/passwords'
import { type Role, roles } from '@/core/accounts/roles'
import { usernameProblem } from '@/core/accounts/username'

const roleHints: Record<Role, string> = {
  admin: 'Full access.',
  operator: 'Deploys, and changes their own deployments.',
  viewer: 'Read-only.',
}

interface UserDialogProps {
  open: boolean
  onClose: () => void
}

export function UserDialog({ open, onClose }: UserDialogProps) {
  return (
    <Dialog open={open} onClose={onClose} title="New user">
      <UserForm onDone={onClose} />
    </Dialog>
  )
}

function UserForm({ onDone }: { onDone: () => void }) {
  const trpc = useTRPC()
  const queries = useQueryClient()
  const notice = useNotice()
  const [username, setUsername] = useState('')
  const [role, setRole] = useState<Role>('operator')
  const [password, setPassword] = useState('')
  const { problems, set, take } = useFieldProblems(['username', 'password', 'role'])
  const create = useMutation(trpc.user.create.mutationOptions())

  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (create.isPending) return
    const wrongName = usernameProblem(username.trim())
    const wrongPassword = passwordProblem(password, username.trim())
    set({ ...(wrongName && { username: wrongName }), ...(wrongPassword && { password: wrongPassword }) })
    if (wrongName || wrongPassword) return
    create.mutate(
      { username: username.trim(), password, role },
      {
        onError: take,
        onSuccess: () => {
          void queries.invalidateQueries({ queryKey: trpc.user.list.queryKey() })
          notice({ text: `Created ${username.trim()}` })
          onDone()
        },
      },
    )
  }
  return (
    <form noValidate onSubmit={submit} className="space-y-4">
      <Field label="Username" error={problems.username} hint="a–z, 0–9, and . _ @ -">
        {(wiring) => (
          <Input
            {...wiring}
            autoComplete="off"
            autoCapitalize="off"
            spellCheck={false}
            value={username}
            onChange={(event) => setUsername(event.target.value)}
          />
        )}
      </Field>
      <Field label="Role" error={problems.role} hint={roleHints[role]}>
        {(wiring) => (
          <Select
            {...wiring}
            value={role}
            onChange={(event) => setRole(roles.find((one) => one === event.target.value) ?? role)}
          >
            {roles.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </Select>
        )}
      </Field>
      <NewPasswordField label="Password" value={password} onChange={setPassword} error={problems.password} />
      {problems[''] && <FieldError>{problems['']}</FieldError>}
      <div className="flex justify-end gap-2">
        <Button onClick={onDone}>Cancel</Button>
        <Button type="submit" variant="primary" busy={create.isPending}>
          Create
        </Button>
      </div>
    </form>
  )
}
