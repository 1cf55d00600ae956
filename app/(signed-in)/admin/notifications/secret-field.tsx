'use client'

import { Dices, Eye, EyeOff } from 'lucide-react'
import { useState } from 'react'
import { Button } from '../../../ui/button'
import { CopyButton } from '../../../ui/copy'
import { Checkbox, Field, Input } from '../../../ui/field'

const secretBytes = 24

/** In the form of Standard Webhooks. */
function randomSecret(): string {
  return `whsec_${btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(secretBytes))))}`
}

interface SecretFieldProps {
  /** It has one, which is kept while nothing else is said. */
  signed: boolean
  value: string
  unsign: boolean
  onChange: (change: { secret?: string; unsign?: boolean }) => void
  error: string | undefined
}

export function SecretField({ signed, value, unsign, onChange, error }: SecretFieldProps) {
  const [shown, setShown] = useState(false)
  return (
    <div className="space-y-2">
      <Field
        label="Signing secret"
        error={error}
        hint={
          value !== ''
            ? 'The receiver checks messages with it: copy it now, it is not shown again.'
            : signed
              ? 'Leave it empty to keep the one that it has.'
              : 'Optional. With it the receiver can tell that a message comes from here.'
        }
      >
        {(wiring) => (
          <div className="flex gap-2">
            <Input
              {...wiring}
              type={shown ? 'text' : 'password'}
              autoComplete="new-password"
              autoCapitalize="off"
              spellCheck={false}
              disabled={unsign}
              value={value}
              onChange={(event) => onChange({ secret: event.target.value })}
              className={shown ? 'font-mono' : undefined}
            />
            <Button
              aria-label={shown ? 'Hide the secret' : 'Show the secret'}
              aria-pressed={shown}
              icon={shown ? <EyeOff size={14} aria-hidden /> : <Eye size={14} aria-hidden />}
              onClick={() => setShown(!shown)}
            />
            {value === '' ? (
              <Button
                icon={<Dices size={14} aria-hidden />}
                onClick={() => {
                  onChange({ secret: randomSecret(), unsign: false })
                  setShown(true)
                }}
              >
                Make one
              </Button>
            ) : (
              <CopyButton text={value} />
            )}
          </div>
        )}
      </Field>
      {signed && (
        <Checkbox
          label={<span className="font-normal">Send without a signature from now on</span>}
          checked={unsign}
          onChange={(event) => onChange({ unsign: event.target.checked, secret: '' })}
        />
      )}
    </div>
  )
}
