'use client'

import { useMutation } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useMe } from '@/app/features/session/me'
import { useTRPC } from '@/app/trpc'
import { Button } from '@/app/ui/button'
import { Field, FieldError, Input } from '@/app/ui/form/field'
import { NewPasswordField } from '@/app/ui/form/new-password'
import { useFieldProblems } from '@/app/ui/form/use-fields'
import { PageHeader, Section } from '@/app/ui/layout-parts'
import { useNotice } from '@/app/ui/overlay/notice'
import { passwordProblem } from '@/core/accounts/passwords'
import { ApiTokens } from './api-tokens'
import { Sessions } from './sessions'

export function AccountPage() {
  const me = useMe()
  return (
    <>
      <PageHeader title="Account" meta={`${me.username}, ${me.role}`} />
      <Section
        title="Change your password"
        meta="Ends your other sessions and the access tokens issued with the old password."
      >
        <PasswordForm />
      </Section>
      <ApiTokens />
      <Sessions />
    </>
  )
}

function PasswordForm() {
  const me = useMe()
  const trpc = useTRPC()
  const notice = useNotice()
  const [current, setCurrent] = useState('')
  const [next, setNext] = useState('')
  const { problems, set, take } = useFieldProblems(['current', 'next'])
  const change = useMutation(trpc.me.changePassword.mutationOptions())

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    if (change.isPending) return
    const wrong = passwordProblem(next, me.username)
    set({ ...(current === '' && { current: 'Enter your current password' }), ...(wrong && { next: wrong }) })
    if (wrong || current === '') return
    try {
      await change.mutateAsync({ current, next })
      setCurrent('')
      setNext('')
      notice({ text: 'Password changed. Your other sessions have ended' })
    } catch (error) {
      take(error)
    }
  }
  return (
    <form noValidate onSubmit={(event) => void submit(event)} className="max-w-md space-y-4">
      {/* Tells password managers which account the password belongs to. */}
      <input type="text" name="username" autoComplete="username" value={me.username} readOnly hidden />
      <Field label="Current password" error={problems.current}>
        {(wiring) => (
          <Input
            {...wiring}
            type="password"
            autoComplete="current-password"
            value={current}
            onChange={(event) => setCurrent(event.target.value)}
          />
        )}
      </Field>
      <NewPasswordField value={next} onChange={setNext} error={problems.next} />
      {problems[''] && <FieldError>{problems['']}</FieldError>}
      <Button type="submit" variant="primary" busy={change.isPending}>
        Change password
      </Button>
    </form>
  )
}
