'use client'

import { useMutation } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTRPC } from '@/app/trpc'
import { Button } from '@/app/ui/button'
import { FieldError } from '@/app/ui/form/field'
import { NewPasswordField } from '@/app/ui/form/new-password'
import { useFieldProblems } from '@/app/ui/form/use-fields'
import { Dialog } from '@/app/ui/overlay/dialog'
import { useNotice } from '@/app/ui/overlay/notice'
import { passwordProblem } from '@/core/accounts/passwords'
import type { UserView } from '@/core/views/accounts'

interface PasswordDialogProps {
  user: UserView
  onClose: () => void
}

export function PasswordDialog({ user, onClose }: PasswordDialogProps) {
  const trpc = useTRPC()
  const notice = useNotice()
  const [password, setPassword] = useState('')
  const { problems, set, take } = useFieldProblems(['password'])
  const change = useMutation(trpc.user.setPassword.mutationOptions())

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    if (change.isPending) return
    const wrong = passwordProblem(password, user.username)
    set(wrong ? { password: wrong } : {})
    if (wrong) return
    try {
      await change.mutateAsync({ id: user.id, password })
      notice({ text: `Changed the password of ${user.username} and ended their sessions` })
      onClose()
    } catch (error) {
      take(error)
    }
  }
  return (
    <Dialog
      open
      onClose={onClose}
      title={`New password for ${user.username}`}
      description="Their sessions and the access tokens issued with the old password end at once."
    >
      <form noValidate onSubmit={(event) => void submit(event)} className="space-y-4">
        <NewPasswordField value={password} onChange={setPassword} error={problems.password} />
        {problems[''] && <FieldError>{problems['']}</FieldError>}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="primary" busy={change.isPending}>
            Set password
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
