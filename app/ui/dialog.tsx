'use client'

import { X } from 'lucide-react'
import { Dialog as Radix } from 'radix-ui'
import { type FormEvent, type ReactNode, useState } from 'react'
import { Button } from './button'
import { Field, FieldError, Input } from './field'

interface DialogProps {
  open: boolean
  onClose: () => void
  title: ReactNode
  description?: ReactNode
  children: ReactNode
}

export function Dialog({ open, onClose, title, description, children }: DialogProps) {
  return (
    <Radix.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Radix.Portal>
        <Radix.Overlay className="appear fixed inset-0 z-40 bg-scrim" />
        <Radix.Content
          {...(description ? {} : { 'aria-describedby': undefined })}
          className="appear fixed inset-x-3 top-[12dvh] z-50 mx-auto max-h-[80dvh] max-w-lg overflow-y-auto rounded-overlay border border-line bg-raised p-4 shadow-overlay outline-none"
        >
          <Radix.Title className="pr-10 text-lead font-semibold break-words">{title}</Radix.Title>
          {description && <Radix.Description className="mt-1 text-ink-2">{description}</Radix.Description>}
          <div className="mt-4">{children}</div>
          {/* Last, so that the focus starts at the first field. */}
          <Radix.Close asChild>
            <Button
              variant="ghost"
              aria-label="Close"
              icon={<X size={16} aria-hidden />}
              className="absolute top-3 right-3"
            />
          </Radix.Close>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}

interface ConfirmDialogProps {
  open: boolean
  onClose: () => void
  title: ReactNode
  /** What will happen, and that it can't be undone. */
  children: ReactNode
  /** What has to be typed. Leave it out where the step can be taken back. */
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
