'use client'

import { Dices, Eye, EyeOff } from 'lucide-react'
import { useState } from 'react'
import { passwordLimits } from '@/server/domain/accounts'
import { Button } from './button'
import { Field, Input } from './field'

/** Without letters and digits that look alike: it may be read out over the phone. */
const alphabet = 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789'
const length = 20

/** Each letter with the same chance: bytes beyond the last whole multiple of the alphabet are thrown away. */
function randomPassword(): string {
  const limit = 256 - (256 % alphabet.length)
  let made = ''
  while (made.length < length)
    for (const byte of crypto.getRandomValues(new Uint8Array(32)))
      if (byte < limit && made.length < length) made += alphabet[byte % alphabet.length]
  return made
}

interface NewPasswordFieldProps {
  label?: string
  value: string
  onChange: (value: string) => void
  error: string | undefined
}

/** A password to be set: the rules are said before it is typed, and one can be made by chance. */
export function NewPasswordField({ label = 'New password', value, onChange, error }: NewPasswordFieldProps) {
  const [shown, setShown] = useState(false)
  return (
    <Field
      label={label}
      error={error}
      hint={`At least ${passwordLimits.min} characters, 5 of them different, not the user name.`}
    >
      {(wiring) => (
        <div className="flex gap-2">
          <Input
            {...wiring}
            type={shown ? 'text' : 'password'}
            autoComplete="new-password"
            autoCapitalize="off"
            spellCheck={false}
            value={value}
            onChange={(event) => onChange(event.target.value)}
            className={shown ? 'font-mono' : undefined}
          />
          <Button
            aria-label={shown ? 'Hide the password' : 'Show the password'}
            aria-pressed={shown}
            icon={shown ? <EyeOff size={14} aria-hidden /> : <Eye size={14} aria-hidden />}
            onClick={() => setShown(!shown)}
          />
          <Button
            icon={<Dices size={14} aria-hidden />}
            onClick={() => {
              onChange(randomPassword())
              setShown(true)
            }}
          >
            Make one
          </Button>
        </div>
      )}
    </Field>
  )
}
