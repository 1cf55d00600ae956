'use client'

import { CircleAlert, LoaderCircle } from 'lucide-react'
import type { ReactNode } from 'react'
import { Button } from '@/app/ui/button'
import { cn } from '@/app/ui/cn'
import { describeError } from '@/app/ui/text/errors'

interface EmptyProps {
  title: string
  children?: ReactNode
  /** The next step. */
  action?: ReactNode
  className?: string
}

export function Empty({ title, children, action, className }: EmptyProps) {
  return (
    <div className={cn('px-4 py-12 text-center', className)}>
      <p className="font-medium text-ink">{title}</p>
      {children && <div className="mx-auto mt-1 max-w-prose text-ink-2">{children}</div>}
      {action && <div className="mt-4 flex justify-center gap-2">{action}</div>}
    </div>
  )
}

interface ErrorStateProps {
  error: unknown
  /** What failed: "Could not load the nodes". */
  what: string
  onRetry?: () => void
  className?: string
}

/** An error with its cause and remedy. */
export function ErrorState({ error, what, onRetry, className }: ErrorStateProps) {
  const { cause, remedy } = describeError(error)
  return (
    <div role="alert" className={cn('flex gap-2 px-4 py-6', className)}>
      <CircleAlert size={16} className="mt-0.5 shrink-0 text-failed" aria-hidden />
      <div className="min-w-0">
        <p className="font-medium text-ink">{what}</p>
        <p className="mt-0.5 break-words text-ink-2">
          {cause} {remedy}
        </p>
        {onRetry && (
          <Button className="mt-3" onClick={onRetry}>
            Try again
          </Button>
        )}
      </div>
    </div>
  )
}

/** Visible only when an answer takes long; reserves its space from the start, so that the layout does not jump. */
export function Loading({ label, className }: { label: string; className?: string }) {
  return (
    <div role="status" className={cn('flex items-center justify-center gap-2 px-4 py-12 text-ink-3', className)}>
      <span className="appear-late flex items-center gap-2">
        <LoaderCircle size={14} className="spinning" aria-hidden />
        {label}…
      </span>
    </div>
  )
}
