'use client'

import { ChevronDown, CircleAlert } from 'lucide-react'
import { type InputHTMLAttributes, type ReactNode, type Ref, type SelectHTMLAttributes, useId } from 'react'
import { cn } from '@/app/ui/cn'

/** The attributes that tie a control to its label, hint and error. */
export interface FieldWiring {
  id: string
  'aria-describedby': string | undefined
  'aria-invalid': true | undefined
}

interface FieldProps {
  label: ReactNode
  hint?: ReactNode
  error?: string | undefined
  className?: string | undefined
  children: (wiring: FieldWiring) => ReactNode
}

/**
 * A label above the control, and a hint or error below it; the error replaces the hint, so that the layout does not
 * move.
 */
export function Field({ label, hint, error, className, children }: FieldProps) {
  const id = useId()
  const noteId = `${id}-note`
  const hasNote = Boolean(error ?? hint)
  return (
    <div className={cn('min-w-0', className)}>
      <label htmlFor={id} className="mb-1 block font-medium text-ink">
        {label}
      </label>
      {children({ id, 'aria-describedby': hasNote ? noteId : undefined, 'aria-invalid': error ? true : undefined })}
      {error ? (
        <FieldError id={noteId} className="mt-1">
          {error}
        </FieldError>
      ) : (
        hint && (
          <p id={noteId} className="mt-1 text-meta text-ink-3">
            {hint}
          </p>
        )
      )}
    </div>
  )
}

export function FieldError({ id, className, children }: { id?: string; className?: string; children: ReactNode }) {
  return (
    <p id={id} role="alert" className={cn('flex items-start gap-1 text-meta text-failed', className)}>
      <CircleAlert size={12} className="mt-0.5 shrink-0" aria-hidden />
      <span className="min-w-0">{children}</span>
    </p>
  )
}

export const controlClass =
  'h-(--control-height) w-full min-w-0 rounded-control border border-control bg-bg px-2.5 text-ink ' +
  'placeholder:text-ink-3 hover:border-ink-3 focus-visible:outline-offset-0 ' +
  'aria-invalid:border-failed'

interface InputProps extends InputHTMLAttributes<HTMLInputElement> {
  ref?: Ref<HTMLInputElement>
  /** Shown inside the field, at its end: "MiB". */
  unit?: string
}

export function Input({ unit, className, ...rest }: InputProps) {
  if (!unit) return <input {...rest} className={cn(controlClass, className)} />
  return (
    <div className={cn('relative', className)}>
      <input {...rest} className={cn(controlClass, 'pr-14')} />
      <span className="pointer-events-none absolute inset-y-0 right-2.5 flex items-center text-meta text-ink-3">
        {unit}
      </span>
    </div>
  )
}

interface SelectProps extends SelectHTMLAttributes<HTMLSelectElement> {
  ref?: Ref<HTMLSelectElement>
}

/** The browser's native select: it works with every keyboard, screen reader and touch screen. */
export function Select({ className, children, ...rest }: SelectProps) {
  return (
    <div className={cn('relative', className)}>
      <select {...rest} className={cn(controlClass, 'appearance-none truncate pr-8')}>
        {children}
      </select>
      <ChevronDown
        size={14}
        aria-hidden
        className="pointer-events-none absolute inset-y-0 right-2.5 my-auto text-ink-3"
      />
    </div>
  )
}

interface CheckboxProps extends Omit<InputHTMLAttributes<HTMLInputElement>, 'type'> {
  ref?: Ref<HTMLInputElement>
  label: ReactNode
  hint?: ReactNode
}

export function Checkbox({ label, hint, className, ...rest }: CheckboxProps) {
  const id = useId()
  return (
    <div className={cn('flex gap-2', className)}>
      <input
        {...rest}
        id={id}
        type="checkbox"
        aria-describedby={hint ? `${id}-hint` : undefined}
        className="mt-0.5 size-4 shrink-0 accent-accent"
      />
      <div className="min-w-0">
        <label htmlFor={id} className="font-medium">
          {label}
        </label>
        {hint && (
          <p id={`${id}-hint`} className="text-meta text-ink-3">
            {hint}
          </p>
        )}
      </div>
    </div>
  )
}
