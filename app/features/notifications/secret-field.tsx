'use client'

import { Checkbox, Field } from '@/app/ui/form/field'
import { SecretInput } from '@/app/ui/form/secret-input'
import { CopyButton } from '@/app/ui/text/copy'

const secretBytes = 24

/** A secret in the format of Standard Webhooks. */
function randomSecret(): string {
  return `whsec_${btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(secretBytes))))}`
}

interface SecretFieldProps {
  /** Whether the channel has a secret, which is kept unless changed. */
  signed: boolean
  value: string
  unsign: boolean
  onChange: (change: { secret?: string; unsign?: boolean }) => void
  error: string | undefined
}

export function SecretField({ signed, value, unsign, onChange, error }: SecretFieldProps) {
  return (
    <div className="space-y-2">
      <Field
        label="Signing secret"
        error={error}
        hint={
          value !== ''
            ? 'Copy it now: it is not shown again. The receiver verifies messages with it.'
            : signed
              ? 'Leave blank to keep the current secret.'
              : 'Optional. Lets the receiver verify that messages come from this server.'
        }
      >
        {(wiring) => (
          <SecretInput
            wiring={wiring}
            what="secret"
            disabled={unsign}
            value={value}
            onChange={(secret) => onChange({ secret })}
            onMake={() => onChange({ secret: randomSecret(), unsign: false })}
            insteadOfMaking={value === '' ? null : <CopyButton text={value} />}
          />
        )}
      </Field>
      {signed && (
        <Checkbox
          label={<span className="font-normal">Remove the secret and send unsigned</span>}
          checked={unsign}
          onChange={(event) => onChange({ unsign: event.target.checked, secret: '' })}
        />
      )}
    </div>
  )
}
