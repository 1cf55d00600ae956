'use client'

import { Dices, Eye, EyeOff } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { Button } from '@/app/ui/button'
import { type FieldWiring, Input } from './field'

interface SecretInputProps {
  wiring: FieldWiring
  /** Names the secret in the button that shows it: "password". */
  what: string
  value: string
  disabled?: boolean
  onChange: (value: string) => void
  /** Generates a secret, which is then shown. */
  onMake: () => void
  /** Replaces the button that generates a secret. */
  insteadOfMaking?: ReactNode
}

/** A field for a secret: hidden until the user shows it, with an optional generator. */
export function SecretInput({ wiring, what, value, disabled, onChange, onMake, insteadOfMaking }: SecretInputProps) {
  const [shown, setShown] = useState(false)
  return (
    <div className="flex gap-2">
      <Input
        {...wiring}
        type={shown ? 'text' : 'password'}
        autoComplete="new-password"
        autoCapitalize="off"
        spellCheck={false}
        disabled={disabled}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        className={shown ? 'font-mono' : undefined}
      />
      <Button
        aria-label={`${shown ? 'Hide' : 'Show'} the ${what}`}
        aria-pressed={shown}
        icon={shown ? <EyeOff size={14} aria-hidden /> : <Eye size={14} aria-hidden />}
        onClick={() => setShown(!shown)}
      />
      {insteadOfMaking ?? (
        <Button
          icon={<Dices size={14} aria-hidden />}
          onClick={() => {
            onMake()
            setShown(true)
          }}
        >
          Generate
        </Button>
      )}
    </div>
  )
}
