'use client'

import { Dices, Eye, EyeOff } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { Button } from '@/app/ui/button'
import { type FieldWiring, Input } from './field'

interface SecretInputProps {
  wiring: FieldWiring
  /** For the button that shows it: "password" */
  what: string
  value: string
  disabled?: boolean
  onChange: (value: string) => void
  /** Makes one by chance, which is shown then. */
  onMake: () => void
  /** Stands where one could be made, if there is something else to do. */
  insteadOfMaking?: ReactNode
}

/** What is not shown unless it is asked for, and can be made by chance. */
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
