'use client'

import { type FormEvent, useState } from 'react'
import { type SignInRefusal, signIn } from '@/app/features/session/session-calls'
import { Button } from '@/app/ui/button'
import { Field, FieldError, Input } from '@/app/ui/form/field'
import { serverNow, useNow } from '@/app/ui/text/clock'
import { formatDuration } from '@/app/ui/text/format'

export function LoginForm({ next }: { next: string }) {
  const [username, setUsername] = useState('')
  const [password, setPassword] = useState('')
  const [busy, setBusy] = useState(false)
  const [refusal, setRefusal] = useState<SignInRefusal | null>(null)
  const [lockedUntil, setLockedUntil] = useState(0)
  const now = useNow()
  const lockedFor = now === null ? 0 : Math.max(0, lockedUntil - now)

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    if (busy || lockedFor > 0) return
    setBusy(true)
    setRefusal(null)
    const refused = await signIn(username.trim(), password)
    if (refused === null) {
      // A full load clears whatever a previous user left in memory.
      window.location.assign(next)
      return
    }
    setBusy(false)
    setRefusal(refused)
    if (refused.kind === 'locked') setLockedUntil(serverNow() + refused.seconds * 1000)
  }

  const problem = refusal && !(refusal.kind === 'locked' && lockedFor === 0) ? refusalText(refusal, lockedFor) : null
  return (
    <form onSubmit={(event) => void submit(event)} className="space-y-4">
      <Field label="Username">
        {(wiring) => (
          <Input
            {...wiring}
            name="username"
            autoComplete="username"
            autoCapitalize="off"
            spellCheck={false}
            autoFocus
            required
            value={username}
            onChange={(event) => setUsername(event.target.value)}
          />
        )}
      </Field>
      <Field label="Password">
        {(wiring) => (
          <Input
            {...wiring}
            name="password"
            type="password"
            autoComplete="current-password"
            required
            value={password}
            onChange={(event) => setPassword(event.target.value)}
            aria-invalid={refusal?.kind === 'wrong' ? true : undefined}
          />
        )}
      </Field>
      {problem && <FieldError>{problem}</FieldError>}
      <Button type="submit" variant="primary" busy={busy} blocked={lockedFor > 0 ? problem : null} className="w-full">
        Sign in
      </Button>
    </form>
  )
}

function refusalText(refusal: SignInRefusal, lockedForMs: number): string {
  switch (refusal.kind) {
    case 'wrong':
      return 'The username or password is wrong.'
    case 'disabled':
      return 'This account is disabled. Ask an administrator to enable it.'
    case 'locked':
      return `Too many attempts. Wait ${formatDuration(Math.ceil(lockedForMs / 1000) * 1000)}.`
    case 'busy':
      return 'Too many sign-ins right now. Try again in a few seconds.'
    case 'fault':
      return 'The server could not check your password. Its log has details.'
    case 'unreachable':
      return 'The server does not answer. Check that Fogdeck is running, then try again.'
  }
}
