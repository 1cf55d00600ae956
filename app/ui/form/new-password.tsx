'use client'

import { passwordLimits } from '@/core/accounts/passwords'
import { Field } from './field'
import { SecretInput } from './secret-input'

/** Without letters and digits that look alike, because passwords may be read out over the phone. */
const alphabet = 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789'
const length = 20

/** Picks each character with equal probability: bytes beyond the last whole multiple of the alphabet are discarded. */
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

/** A field for a new password, with the rules as a hint and a button that generates one. */
export function NewPasswordField({ label = 'New password', value, onChange, error }: NewPasswordFieldProps) {
  return (
    <Field
      label={label}
      error={error}
      hint={`At least ${passwordLimits.min} characters: several unrelated words are good.`}
    >
      {(wiring) => (
        <SecretInput
          wiring={wiring}
          what="password"
          value={value}
          onChange={onChange}
          onMake={() => onChange(randomPassword())}
        />
      )}
    </Field>
  )
}
