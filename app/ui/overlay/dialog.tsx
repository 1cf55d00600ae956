'use client'

import { type FormEvent, lazy, type ReactNode, Suspense, useState } from 'react'
import { Button } from '@/app/ui/button'
import { Field, FieldError, Input } from '@/app/ui/form/field'
import type { OpenDialogProps } from '@/app/ui/overlay/dialog-props'

/** Loaded when the first dialog opens, because most visits never open one. */
const OpenDialog = lazy(() => import('./open-dialog'))

interface DialogProps extends OpenDialogProps {
  open: boolean
}

export function Dialog({ open, ...rest }: DialogProps) {
  return (
    open && (
      <Suspense>
        <OpenDialog {...rest} />
      </Suspense>
    )
  )
}

interface ConfirmDialogProps {
  open: boolean
  onClose: () => void
  title: ReactNode
  /** What will happen, and whether it can be undone. */
  children: ReactNode
  /** The text to type for confirmation. Omit it for reversible actions. */
  typeName?: string
  action: string
  busy?: boolean
  error?: string | null
  onConfirm: () => void
}

export function ConfirmDialog({
  typeName,
  action,
  busy = false,
  error,
  onConfirm,
  children,
  ...dialog
}: ConfirmDialogProps) {
  const [typed, setTyped] = useState('')
  const matches = typeName === undefined || typed === typeName
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (matches && !busy) onConfirm()
  }
  const close = (): void => {
    setTyped('')
    dialog.onClose()
  }
  return (
    <Dialog {...dialog} onClose={close}>
      <form onSubmit={submit} className="space-y-4">
        <div className="text-ink-2">{children}</div>
        {typeName !== undefined && (
          <Field
            label={
              <>
                Type <span className="font-mono">{typeName}</span> to confirm
              </>
            }
          >
            {(wiring) => (
              <Input
                {...wiring}
                value={typed}
                onChange={(event) => setTyped(event.target.value)}
                autoComplete="off"
                autoCapitalize="off"
                spellCheck={false}
              />
            )}
          </Field>
        )}
        {error && <FieldError>{error}</FieldError>}
        <div className="flex justify-end gap-2">
          <Button onClick={close}>Cancel</Button>
          <Button
            type="submit"
            variant="danger-solid"
            busy={busy}
            blocked={matches ? null : `Type ${typeName} to confirm.`}
          >
            {action}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
