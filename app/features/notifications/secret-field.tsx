'use client'

import { Checkbox, Field } from '@/app/ui/form/field'
import { SecretInput } from '@/app/ui/form/secret-input'
import { CopyButton } from '@/app/ui/text/copy'

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
          label={<span className="font-normal">Send without a signature from now on</span>}
          checked={unsign}
          onChange={(event) => onChange({ unsign: event.target.checked, secret: '' })}
        />
      )}
    </div>
  )
}
